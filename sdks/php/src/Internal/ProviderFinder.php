<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Model\ProviderEntry;

/**
 * Finds the provider of a link: by its exact host, or else by the nearest wildcard above it.
 *
 * @internal
 */
final class ProviderFinder
{
    /** @param list<ProviderEntry> $providers */
    public static function find(array $providers, string $url): ?ProviderEntry
    {
        $byHost = [];
        foreach ($providers as $provider) {
            foreach ($provider->hosts as $host) {
                $byHost[strtolower($host)] = $provider;
            }
        }
        $host = self::hostOf($url);
        $candidate = $host;
        while (!isset($byHost[$candidate])) {
            [, $host] = [...explode('.', $host, 2), ''];
            if ($host === '') {
                return null;
            }
            $candidate = "*.{$host}";
        }

        return $byHost[$candidate];
    }

    private static function hostOf(string $url): string
    {
        $url = trim($url);
        $host = parse_url(str_contains($url, '://') ? $url : "http://{$url}", PHP_URL_HOST);
        $host = preg_replace('/\.$/D', '', is_string($host) ? $host : '');
        $ascii = function_exists('idn_to_ascii') && $host !== '' ? idn_to_ascii($host) : false;

        return strtolower($ascii === false ? (string) $host : $ascii);
    }
}
