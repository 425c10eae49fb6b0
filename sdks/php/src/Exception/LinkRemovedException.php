<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `link_removed`: The shortener has removed the link. */
final class LinkRemovedException extends ApiException
{
}
