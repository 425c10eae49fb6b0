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
    // The three forms of RFC 9110, 5.6.7, without the day of the week.
    private const DATES = ['!d M Y H:i:s \G\M\T', '!d-M-y H:i:s \G\M\T', '!M j H:i:s Y'];

    /** Return the seconds that it asks for, or null for anything odd. `$now` is in seconds since 1970. */
    public static function parse(?string $value, float $now): ?int
    {
        $value = trim((string) $value);
        if (preg_match('/^[0-9]+$/D', $value) === 1) {
            return strlen($value) > self::MAX_DIGITS ? PHP_INT_MAX : (int) $value;
        }
        $date = preg_replace(['/^[A-Z][a-z]+,? /', '/ +/'], ['', ' '], $value);
        foreach (self::DATES as $format) {
            $time = \DateTimeImmutable::createFromFormat($format, $date, new \DateTimeZone('UTC'));
            // PHP reads 31 February as 3 March, and warns.
            if ($time !== false && \DateTimeImmutable::getLastErrors() === false) {
                return (int) max(0, ceil($time->getTimestamp() - $now));
            }
        }

        return null;
    }
}
