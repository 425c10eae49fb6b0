<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\NetworkException;

/** Sends several requests at the same time. With another transport `resolveMany` sends one at a time. */
interface ConcurrentTransport extends Transport
{
    /** Start a request. The caller gives it a number that is free. */
    public function start(int $id, HttpRequest $request): void;

    /**
     * Go on with all requests, for at most this time or until one has ended.
     *
     * @return array<int, HttpResponse|NetworkException> what the requests that ended got, by their numbers
     */
    public function poll(float $maxMs): array;

    /** Give up a request. Nothing happens if it has ended. */
    public function drop(int $id): void;
}
