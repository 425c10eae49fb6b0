<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Model\Limit;
use LinkSkipper\Sdk\Model\RateLimit;

/**
 * Reads the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored.
 *
 * @internal
 */
final class RateLimitParser
{
    // A quoted name and its parameters. Values may be quoted too, with commas and semicolons inside.
    private const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
    private const ITEM = '/\G\s*(' . self::QUOTED . '|[^",;]*)((?:\s*;\s*[^=;,"]*(?:=(?:' . self::QUOTED
        . '|[^",;]*))?)*)\s*(?:,|$)/D';
    private const PARAMETER = '/;\s*([^=;,"\s]*)\s*=\s*(' . self::QUOTED . '|[^",;]*)/';
    private const NUMBER = '/^[0-9]{1,15}$/D'; // RFC 9651, 3.3.1
    private const MAX_LENGTH = 1000;

    private static ?string $lastValue = null;
    private static ?RateLimit $last = null;

    /** Read a value. The last one is kept, because a run of many links reads each value twice. */
    public static function parse(?string $value): RateLimit
    {
        if (self::$last === null || $value !== self::$lastValue) {
            self::$last = self::read($value);
            self::$lastValue = $value;
        }

        return self::$last;
    }

    private static function read(?string $value): RateLimit
    {
        $limits = [];
        $position = 0;
        $length = $value === null || strlen($value) > self::MAX_LENGTH ? 0 : strlen($value);
        while ($position < $length && preg_match(self::ITEM, (string) $value, $item, 0, $position) === 1) {
            $position += strlen($item[0]);
            $limits[$item[1]] = self::limit($item[2]) ?? $limits[$item[1]] ?? null;
        }

        return new RateLimit($limits['"minute"'] ?? null, $limits['"daily"'] ?? null);
    }

    private static function limit(string $parameters): ?Limit
    {
        preg_match_all(self::PARAMETER, $parameters, $matches);
        $values = array_combine($matches[1], array_map(trim(...), $matches[2]));
        $remaining = self::number($values['r'] ?? '');

        return $remaining === null ? null : new Limit($remaining, self::number($values['t'] ?? ''));
    }

    private static function number(string $digits): ?int
    {
        return preg_match(self::NUMBER, $digits) === 1 ? (int) $digits : null;
    }
}
