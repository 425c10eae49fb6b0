<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `out_of_credits`: The account cannot pay for the link. `balance()` has its credits, if the service tells them. */
final class OutOfCreditsException extends ApiException
{
}
