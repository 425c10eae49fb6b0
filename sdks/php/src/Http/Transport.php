<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\NetworkException;

/** Sends requests. Hand in your own for tests. */
interface Transport
{
    /**
     * Send a request and return the answer, whatever its status. Follow no redirects.
     *
     * @throws NetworkException no whole answer arrived within `timeoutMs`
     */
    public function send(HttpRequest $request): HttpResponse;
}
