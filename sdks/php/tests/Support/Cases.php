<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

/** Reads the files of sdks/conformance. */
final class Cases
{
    private const FOLDER = __DIR__ . '/../../../conformance';

    public static function file(string $name): array
    {
        $text = (string) file_get_contents(self::FOLDER . "/{$name}.json");

        return self::withEmptyObjects(json_decode($text, flags: JSON_THROW_ON_ERROR));
    }

    /** @return iterable<string, array{string, array<string, mixed>}> each case by its name */
    public static function of(string ...$names): iterable
    {
        foreach ($names as $name) {
            foreach (self::file($name)['cases'] as $case) {
                yield "{$name}: {$case['name']}" => [$name, $case];
            }
        }
    }

    public static function encode(mixed $value): string
    {
        return json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
    }

    /** Return a decoded value with arrays for objects. Empty objects stay what they are. */
    private static function withEmptyObjects(mixed $value): mixed
    {
        if ($value instanceof \stdClass) {
            return (array) $value === [] ? $value : array_map(self::withEmptyObjects(...), (array) $value);
        }

        return is_array($value) ? array_map(self::withEmptyObjects(...), $value) : $value;
    }
}
