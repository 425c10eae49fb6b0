<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use PHPUnit\Framework\Assert;

/** Compares values with what a case expects (sdks/conformance/README.md). It remembers what the case captures. */
final class Comparison
{
    private const TOLERANCE = 0.002;

    /** @var array<string, mixed> */
    private array $captured = [];

    public function check(mixed $expected, mixed $actual, string $where, bool $exists = true): void
    {
        $isObject = $expected instanceof \stdClass || (is_array($expected) && !array_is_list($expected));
        if ($isObject && str_starts_with((string) array_key_first((array) $expected), '$')) {
            $this->match($expected, $actual, $where, $exists);
        } elseif ($isObject) {
            Assert::assertTrue(is_array($actual) || $actual instanceof \stdClass, "{$where}: " . self::show($actual));
            foreach ((array) $expected as $name => $member) {
                $there = array_key_exists($name, (array) $actual);
                $this->check($member, $there ? ((array) $actual)[$name] : null, "{$where}.{$name}", $there);
            }
        } elseif (is_array($expected)) {
            Assert::assertIsArray($actual, $where);
            Assert::assertCount(count($expected), $actual, $where . ': ' . self::show($actual));
            foreach ($expected as $index => $item) {
                $this->check($item, $actual[$index], "{$where}[{$index}]");
            }
        } else {
            Assert::assertTrue($exists, "{$where} is missing");
            is_numeric($expected) && is_numeric($actual) && !is_string($expected)
                ? Assert::assertEquals($expected, $actual, $where)
                : Assert::assertSame($expected, $actual, $where);
        }
    }

    /**
     * @param list<array{float, float}> $expected
     * @param list<float> $actual sleeps of 0 do not count
     */
    public static function checkSleeps(array $expected, array $actual): void
    {
        $slept = array_values(array_filter($actual));
        $message = 'sleeps: ' . self::show($slept);
        Assert::assertCount(count($expected), $slept, $message);
        foreach ($expected as $index => [$low, $high]) {
            Assert::assertGreaterThanOrEqual($low - self::TOLERANCE, $slept[$index], $message);
            Assert::assertLessThanOrEqual($high + self::TOLERANCE, $slept[$index], $message);
        }
    }

    private function match(array $matcher, mixed $actual, string $where, bool $exists): void
    {
        foreach ($matcher as $rule => $argument) {
            $message = "{$where}: " . self::show($actual) . " breaks {$rule} " . self::show($argument);
            if ($rule === '$absent') {
                Assert::assertFalse($exists, $message);
                continue;
            }
            Assert::assertTrue($exists, $message);
            Assert::assertTrue(match ($rule) {
                '$between' => $argument[0] - self::TOLERANCE <= (float) $actual
                    && (float) $actual <= $argument[1] + self::TOLERANCE,
                '$matches' => preg_match('~' . str_replace('~', '\~', $argument) . '~u', (string) $actual) === 1,
                '$contains' => array_filter($argument, static fn ($part) => !str_contains($actual, $part)) === [],
                '$lacks' => array_filter($argument, static fn ($part) => str_contains($actual, $part)) === [],
                '$capture' => ($this->captured[$argument] ??= $actual) === $actual,
            }, $message);
        }
    }

    private static function show(mixed $value): string
    {
        return (string) json_encode($value, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
    }
}
