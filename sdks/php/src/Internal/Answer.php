<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Model\Meta;

/**
 * A successful answer: the HTTP response, its meta data, and its decoded body.
 *
 * @internal
 */
final readonly class Answer
{
    public function __construct(public HttpResponse $response, public Meta $meta, public mixed $json)
    {
    }
}
