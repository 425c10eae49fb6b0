<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\ConfigurationException;

/**
 * Texts that others wrote.
 *
 * @internal
 */
final class Text
{
    private const SHOWN_CHARACTERS = 500;

    /** Return a text as UTF-8: bytes that are not become U+FFFD. */
    public static function scrub(string $bytes): string
    {
        if (preg_match('//u', $bytes) === 1) {
            return $bytes;
        }

        return json_decode((string) json_encode($bytes, JSON_INVALID_UTF8_SUBSTITUTE));
    }

    /** Return how a text begins. */
    public static function shorten(string $text, int $characters = self::SHOWN_CHARACTERS): string
    {
        preg_match('/^.{0,' . $characters . '}/su', self::scrub($text), $match);

        return trim($match[0]);
    }

    /** Return a text on one line. */
    public static function withoutControls(string $text): string
    {
        return (string) preg_replace('/[\x{00}-\x{1f}\x{7f}-\x{9f}]+/u', ' ', self::scrub($text));
    }

    /**
     * Return an id as one segment of a path, whatever it holds.
     *
     * @throws ConfigurationException it is empty
     */
    public static function segment(string $text): string
    {
        if ($text === '') {
            throw new ConfigurationException('An id must be text that is not empty.');
        }

        return in_array($text, ['.', '..'], true) ? str_replace('.', '%2E', $text) : rawurlencode($text);
    }
}
