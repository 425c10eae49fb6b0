<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Http\ConcurrentTransport;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Http\Transport;

/**
 * Sends the requests of a run by a transport that sends one at a time.
 *
 * @internal
 */
final class OneByOne implements ConcurrentTransport
{
    /** @var array<int, HttpRequest> */
    private array $requests = [];

    public function __construct(private readonly Transport $transport)
    {
    }

    public function send(HttpRequest $request): HttpResponse
    {
        return $this->transport->send($request);
    }

    public function start(HttpRequest $request): int
    {
        $this->requests[] = $request;

        return (int) array_key_last($this->requests);
    }

    public function poll(array $ids, float $maxMs): array
    {
        $id = $ids[0];
        $request = $this->requests[$id];
        unset($this->requests[$id]);
        try {
            return [$id => $this->send($request)];
        } catch (NetworkException $exception) {
            return [$id => $exception];
        }
    }

    public function drop(int $id): void
    {
        unset($this->requests[$id]);
    }
}
