<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3).
 *
 * @internal
 */
final class RetryAfter
{
    private const MAX_DIGITS = 15;

    /** Return the seconds that it asks for, or null for anything odd. `$now` is in seconds since 1970. */
    public static function parse(?string $value, float $now): ?int
    {
        $value = trim((string) $value);
        if (preg_match('/^[0-9]+$/D', $value) === 1) {
            return strlen($value) > self::MAX_DIGITS ? PHP_INT_MAX : (int) $value;
        }
        $format = '!D, d M Y H:i:s \G\M\T';
        $time = \DateTimeImmutable::createFromFormat($format, $value, new \DateTimeZone('UTC'));

        return $time === false ? null : (int) max(0, ceil($time->getTimestamp() - $now));
    }
}
