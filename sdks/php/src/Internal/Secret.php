<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\ConfigurationException;

/**
 * A secret text. `reveal` returns it. No dump, export, log or stack trace shows it.
 *
 * @internal
 */
final readonly class Secret
{
    private \SensitiveParameterValue $value;

    /** @throws ConfigurationException it is not a text */
    public function __construct(#[\SensitiveParameter] mixed $value)
    {
        if (!is_string($value)) {
            throw new ConfigurationException('A secret must be text, not ' . get_debug_type($value) . '.');
        }
        $this->value = new \SensitiveParameterValue($value);
    }

    public function reveal(): string
    {
        return $this->value->getValue();
    }

    public function hideIn(string $text): string
    {
        return $this->reveal() === '' ? $text : str_replace($this->reveal(), '[secret]', $text);
    }
}
