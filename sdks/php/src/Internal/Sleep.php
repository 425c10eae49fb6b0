<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * What a flow yields to go on after this time. Flows are generators that yield what is to be done: an `HttpRequest` to
 * send (the reply is an `HttpResponse` or a `NetworkException`), a `Sleep`, a `Gate` or a `Pause`.
 *
 * @internal
 */
final readonly class Sleep
{
    public function __construct(public float $milliseconds)
    {
    }
}
