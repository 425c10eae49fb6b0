<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Model\Timestamp;

/**
 * Reads typed members out of a JSON object. Members that the API may leave out are null if they are missing or null. A
 * member of a wrong type is a `FieldException`, so that a result never holds something else than its types say.
 *
 * @internal
 */
final readonly class Fields
{
    /** @param array<string, mixed> $raw */
    public function __construct(public array $raw, private string $where = '')
    {
    }

    public function text(string $name): string
    {
        return $this->optionalText($name) ?? throw $this->wrong($name, 'text');
    }

    public function optionalText(string $name): ?string
    {
        return $this->member($name, 'text', is_string(...));
    }

    public function integer(string $name): int
    {
        return $this->optionalInteger($name) ?? throw $this->wrong($name, 'a whole number');
    }

    public function optionalInteger(string $name): ?int
    {
        return $this->member($name, 'a whole number', is_int(...));
    }

    public function optionalNumber(string $name): int|float|null
    {
        return $this->member($name, 'a number', static fn (mixed $value) => is_int($value) || is_float($value));
    }

    /** Return a boolean. A missing one is false. */
    public function flag(string $name): bool
    {
        return $this->member($name, 'a boolean', is_bool(...)) ?? false;
    }

    public function optionalTime(string $name): ?Timestamp
    {
        $value = $this->optionalText($name);
        if ($value === null) {
            return null;
        }
        $pattern = '/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/D';
        try {
            $time = preg_match($pattern, $value) ? new Timestamp($value, new \DateTimeZone('UTC')) : null;
        } catch (\Exception) {
            $time = null;
        }
        if ($time?->format('Y-m-d H:i') !== strtr(substr($value, 0, 16), 'T', ' ')) {
            $time = null; // PHP reads 30 February as 2 March
        }

        return $time?->setTimezone(new \DateTimeZone('UTC')) ?? throw $this->wrong($name, 'an ISO 8601 time');
    }

    /**
     * Return a member of an enum, `Unknown` for a value that this package does not know.
     *
     * @template T of \BackedEnum
     * @param class-string<T> $enum
     * @return T
     */
    public function enum(string $name, string $enum): \BackedEnum
    {
        return $this->optionalEnum($name, $enum) ?? throw $this->wrong($name, 'text');
    }

    /**
     * @template T of \BackedEnum
     * @param class-string<T> $enum
     * @return T|null
     */
    public function optionalEnum(string $name, string $enum): ?\BackedEnum
    {
        $value = $this->optionalText($name);

        return $value === null ? null : ($enum::tryFrom($value) ?? $enum::Unknown);
    }

    public function object(string $name): self
    {
        $value = $this->member($name, 'an object', self::isObject(...)) ?? throw $this->wrong($name, 'an object');

        return new self($value, "{$this->where}{$name}.");
    }

    /** @return list<self> */
    public function objects(string $name): array
    {
        return $this->optionalObjects($name) ?? throw $this->wrong($name, 'a list');
    }

    /** @return list<self>|null */
    public function optionalObjects(string $name): ?array
    {
        $values = $this->member($name, 'a list', self::isList(...));
        foreach ($values ?? [] as $index => $value) {
            if (!self::isObject($value)) {
                throw $this->wrong($name, 'a list of objects');
            }
            $values[$index] = new self($value, "{$this->where}{$name}[{$index}].");
        }

        return $values;
    }

    /** @return list<string> a missing list is empty */
    public function texts(string $name): array
    {
        $values = $this->member($name, 'a list of texts', self::isList(...)) ?? [];
        if (array_filter($values, is_string(...)) !== $values) {
            throw $this->wrong($name, 'a list of texts');
        }

        return $values;
    }

    /** Say whether a decoded value was an object. Decoded, an empty object and an empty list are the same. */
    public static function isObject(mixed $value): bool
    {
        return is_array($value) && ($value === [] || !array_is_list($value));
    }

    private static function isList(mixed $value): bool
    {
        return is_array($value) && array_is_list($value);
    }

    private function member(string $name, string $expected, \Closure $fits): mixed
    {
        $value = $this->raw[$name] ?? null;
        if ($value === null || $fits($value)) {
            return $value;
        }
        throw $this->wrong($name, $expected);
    }

    private function wrong(string $name, string $expected): FieldException
    {
        $value = $this->raw[$name] ?? null;
        if ($value === null) {
            return new FieldException("{$this->where}{$name} is missing: expected {$expected}");
        }
        $shown = is_string($value) ? "'" . Text::shorten($value, 60) . "'" : get_debug_type($value);

        return new FieldException("{$this->where}{$name}: expected {$expected}, got {$shown}");
    }
}
