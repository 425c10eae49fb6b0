<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

/** An option or an argument is missing or wrong. No request was sent. */
final class ConfigurationException extends LinkSkipperException
{
}
