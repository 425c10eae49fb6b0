<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Model;

/** A time in UTC. As a string it is written as the API writes it: `2026-06-05T12:00:00.000Z`. */
final class Timestamp extends \DateTimeImmutable implements \Stringable
{
    public function __toString(): string
    {
        return $this->format('Y-m-d\TH:i:s.v\Z');
    }
}
