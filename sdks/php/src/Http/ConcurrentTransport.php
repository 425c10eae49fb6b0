<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\NetworkException;

/** Sends several requests at the same time. With another transport `resolveMany` sends one at a time. */
interface ConcurrentTransport extends Transport
{
    /** Start a request and return its number. It may go out with the next `poll`. */
    public function start(HttpRequest $request): int;

    /**
     * Go on with all requests, for at most this time or until one of these has ended.
     *
     * @param list<int> $ids the requests to ask about: others may belong to another run
     * @return array<int, HttpResponse|NetworkException> what those of them that ended got, by their numbers
     */
    public function poll(array $ids, float $maxMs): array;

    /** Give up a request. Nothing happens if its end was told. */
    public function drop(int $id): void;
}
