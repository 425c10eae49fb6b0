<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * A member of a JSON object is missing or of a wrong type.
 *
 * @internal
 */
final class FieldException extends \RuntimeException
{
}
