<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

/** A receiver of webhooks that PHP's own web server runs. */
final class Receiver
{
    private string $url;
    /** @var resource */
    private $process;
    /** @var resource */
    private $log;

    /** @param array<string, string> $environment */
    public function __construct(string $folder, array $environment)
    {
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = (string) stream_socket_get_name($free, false);
        fclose($free);
        $this->url = "http://{$address}/hooks/linkskipper";
        $this->log = tmpfile();
        $command = [PHP_BINARY, '-S', $address, 'receiver.php'];
        $this->process = proc_open($command, [1 => $this->log, 2 => $this->log], $pipes, $folder, $environment + getenv());
        for ($look = 0; $look < 200 && @fsockopen("tcp://{$address}") === false; $look++) {
            usleep(20_000);
        }
    }

    /**
     * Post a body and return the status of the answer.
     *
     * @param list<string> $headers
     */
    public function post(string $body, array $headers): int
    {
        $headers = ['Content-Type: application/json', ...$headers];
        $options = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true];
        file_get_contents($this->url, false, stream_context_create(['http' => $options]));

        return (int) explode(' ', $http_response_header[0])[1];
    }

    /** End the receiver and return its log. */
    public function stop(): string
    {
        proc_terminate($this->process);
        proc_close($this->process);
        rewind($this->log);

        return (string) stream_get_contents($this->log);
    }
}
