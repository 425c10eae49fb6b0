<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

/** A process that runs raw-server.php. */
final class RawServer
{
    public readonly string $url;
    /** @var resource */
    private $process;

    public function __construct(string $script, ?string $visits = null)
    {
        $command = [PHP_BINARY, __DIR__ . '/raw-server.php', $script, ...($visits === null ? [] : [$visits])];
        $this->process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        $this->url = 'http://127.0.0.1:' . trim((string) fgets($pipes[1]));
    }

    public function __destruct()
    {
        proc_terminate($this->process, 9);
        proc_close($this->process);
    }
}
