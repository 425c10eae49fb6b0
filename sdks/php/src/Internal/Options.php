<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\ConfigurationException;

/**
 * Reads and validates options.
 *
 * @internal
 */
final class Options
{
    public const WEBHOOK_SECRET_VARIABLE = 'LINKSKIPPER_WEBHOOK_SECRET';
    private const API_KEY_VARIABLE = 'LINKSKIPPER_API_KEY';
    private const BASE_URL_VARIABLE = 'LINKSKIPPER_BASE_URL';
    private const HEADER_NAME = '/^[!#$%&\'*+.^_`|~0-9A-Za-z-]+$/D';
    private const NOT_IN_HEADERS = '/[^\t\x20-\x7e\x80-\xff]/';
    private const OWN_HEADERS = ['authorization', 'content-length', 'host', 'content-type', 'transfer-encoding'];

    /** Return the key of the option or the environment. */
    public static function apiKey(?Secret $value): Secret
    {
        $key = trim($value === null ? self::environment(self::API_KEY_VARIABLE) : $value->reveal());
        if ($key === '') {
            $variable = self::API_KEY_VARIABLE;
            throw new ConfigurationException("The API key is missing: pass apiKey or set {$variable}.");
        }
        if (preg_match('/^[\x21-\x7e]+$/D', $key) !== 1) {
            throw new ConfigurationException('The API key holds characters that no key has, such as a line break.');
        }

        return new Secret($key);
    }

    /** Return the address of the service without a slash or `/v1` at its end. */
    public static function baseUrl(?string $value, string $default): string
    {
        $url = trim($value ?? (self::environment(self::BASE_URL_VARIABLE) ?: $default));
        if (preg_match('/[\x00-\x20\x7f\\\\]/', $url) === 1) {
            throw new ConfigurationException('baseUrl must not hold blanks, backslashes or control characters.');
        }
        $parts = parse_url($url) ?: [];
        $scheme = strtolower($parts['scheme'] ?? '');
        if (isset($parts['user']) || isset($parts['pass'])) {
            throw new ConfigurationException('baseUrl must not hold a user or a password.');
        }
        if (!in_array($scheme, ['http', 'https'], true) || ($parts['host'] ?? '') === '') {
            $shown = str_contains($url, '@') ? '' : ', not ' . Text::shorten($url, 100);
            throw new ConfigurationException("baseUrl must begin with http:// or https:// and name a host{$shown}.");
        }
        if (preg_match('/[?#]/', $url) === 1) {
            throw new ConfigurationException('baseUrl must not hold a query or a fragment.');
        }
        $port = isset($parts['port']) ? ":{$parts['port']}" : '';
        $path = preg_replace('#/*(/v1)?/*$#D', '', $parts['path'] ?? '');

        return "{$scheme}://{$parts['host']}{$port}{$path}";
    }

    /**
     * Return the webhook secrets of the option or the environment. There may be none.
     *
     * @param string|iterable<string>|null $value
     * @return list<Secret>
     */
    public static function webhookSecrets(#[\SensitiveParameter] string|iterable|null $value): array
    {
        if ($value === null) {
            $variable = self::environment(self::WEBHOOK_SECRET_VARIABLE);
            $value = $variable === '' ? [] : $variable;
        }
        $secrets = [];
        foreach (is_string($value) ? [$value] : $value as $secret) {
            $secrets[] = $secret instanceof Secret ? $secret : new Secret($secret);
        }

        return $secrets;
    }

    public static function milliseconds(string $name, int $value, int $minimum = 0): int
    {
        if ($value < $minimum) {
            throw new ConfigurationException("{$name} must be at least {$minimum} milliseconds.");
        }

        return $value;
    }

    /**
     * Join groups of headers. Later groups win. Those that this package sets itself are left out.
     *
     * @param array<string, string> ...$groups
     * @return array<string, string> by names in lower case
     */
    public static function headers(array ...$groups): array
    {
        $headers = [];
        foreach ($groups as $group) {
            foreach ($group as $name => $value) {
                $name = (string) $name;
                $value = is_scalar($value) ? (string) $value : "\0";
                if (!preg_match(self::HEADER_NAME, $name) || preg_match(self::NOT_IN_HEADERS, $value)) {
                    $shown = Text::withoutControls(Text::shorten($name, 60));
                    throw new ConfigurationException("The header {$shown} has characters that no header can carry.");
                }
                $headers[strtolower($name)] = $value;
            }
        }

        return array_diff_key($headers, array_flip(self::OWN_HEADERS));
    }

    /** @param array{name?: string, version?: string, url?: string} $appInfo */
    public static function userAgent(string $version, array $appInfo): string
    {
        $agent = "linkskipper-sdk-php/{$version} php/" . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        if ($appInfo === []) {
            return $agent;
        }
        $agent .= ' ' . ($appInfo['name'] ?? '') . (isset($appInfo['version']) ? "/{$appInfo['version']}" : '');

        return $agent . (isset($appInfo['url']) ? " ({$appInfo['url']})" : '');
    }

    private static function environment(string $name): string
    {
        $value = getenv($name);
        if ($value === false) {
            $value = $_SERVER[$name] ?? ''; // frameworks write what is in .env there
        }

        return is_string($value) ? $value : '';
    }
}
