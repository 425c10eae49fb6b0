<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

/**
 * A secret text. `reveal` returns it. No dump, export, log or stack trace shows it.
 *
 * @internal
 */
final readonly class Secret
{
    private \SensitiveParameterValue $value;

    public function __construct(#[\SensitiveParameter] string $value)
    {
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
