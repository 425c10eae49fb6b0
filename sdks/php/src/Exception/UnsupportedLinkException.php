<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** `unsupported_link`: No supported provider has links like this. */
final class UnsupportedLinkException extends ApiException
{
}
