<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

/** Keys and links of its own at a real service, which the fixture of sdks/conformance starts, and its control. */
final class Tenant
{
    private static ?self $shared = null;
    private static string $control = '';
    /** @var resource|null */
    private static $fixture = null;

    /** @param array<string, mixed> $facts */
    private function __construct(public readonly array $facts)
    {
    }

    /** Return the tenant of all tests. */
    public static function get(): self
    {
        if (self::$shared === null) {
            self::$control = getenv('LINKSKIPPER_SDK_SERVICE') ?: self::start();
            self::$shared = new self(self::tell('POST', '/tenants'));
        }

        return self::$shared;
    }

    public function key(string $name): string
    {
        return $this->facts['keys'][$name]['key'];
    }

    public function baseUrl(): string
    {
        return $this->facts['base_url'];
    }

    /** Return a link, or where it leads. */
    public function link(string $kind, string|int ...$parts): string
    {
        $places = array_map(static fn (string $name) => "{{$name}}", array_keys($parts));

        return str_replace($places, array_map(strval(...), $parts), $this->facts['links'][$kind]);
    }

    /** Tell the fixture to do something. */
    public static function tell(string $method, string $path, array $query = []): array
    {
        $context = stream_context_create(['http' => ['method' => $method, 'timeout' => 120]]);
        $answer = file_get_contents(self::$control . $path . '?' . http_build_query($query), false, $context);

        return json_decode((string) $answer, true, flags: JSON_THROW_ON_ERROR);
    }

    /** Tell the fixture to do something after a second, in a process of its own. */
    public static function tellLater(string $method, string $path): void
    {
        $code = 'sleep(1); file_get_contents($argv[1], false, stream_context_create(["http" => ["method" => $argv[2]]]));';
        $command = [PHP_BINARY, '-r', $code, self::$control . $path, $method];
        $process = proc_open($command, [1 => ['file', '/dev/null', 'w']], $pipes);
        register_shutdown_function(static fn () => proc_close($process));
    }

    private static function start(): string
    {
        $root = dirname(__DIR__, 4);
        $python = getenv('LINKSKIPPER_SDK_PYTHON') ?: "{$root}/.venv/bin/python";
        $command = [$python, "{$root}/sdks/conformance/service.py"];
        self::$fixture = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $pipes);
        register_shutdown_function(static function () use ($pipes): void {
            fclose($pipes[0]);
            proc_close(self::$fixture);
        });

        return json_decode((string) fgets($pipes[1]), true)['control'];
    }
}
