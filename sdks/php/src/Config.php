<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\CurlTransport;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\Http\Sleeper;
use LinkSkipper\Sdk\Http\SystemClock;
use LinkSkipper\Sdk\Http\SystemSleeper;
use LinkSkipper\Sdk\Http\Transport;
use LinkSkipper\Sdk\Internal\Options;
use LinkSkipper\Sdk\Internal\Secret;
use Psr\Log\LoggerInterface;

/** The options of a client, validated. */
final readonly class Config
{
    public const VERSION = '0.1.0';
    /** Never a host of strangers: a forgotten option must not send them a key. */
    public const DEFAULT_BASE_URL = 'http://127.0.0.1:8000';

    public string $baseUrl;
    public string $userAgent;
    public RetryPolicy $retryPolicy;
    public Transport $transport;
    public Sleeper $sleeper;
    public Clock $clock;
    public \Closure $random;
    private Secret $apiKey;
    /** @var list<Secret> */
    private array $webhookSecrets;

    /**
     * @param string|Secret|null $apiKey The key (`sk_live_…`). Default: `LINKSKIPPER_API_KEY`.
     * @param string|null $baseUrl The address of the service. Default: `LINKSKIPPER_BASE_URL`, or else this machine.
     * @param int $timeoutMs For one attempt, from connecting to the last byte. A held answer has its wait on top.
     * @param int $pollIntervalMs Between two polls, where the server does not hold answers.
     * @param int $maxWaitMs For a whole wait: requests, retries and sleeps together.
     * @param RetryPolicy|null $retryPolicy When failed exchanges are tried again.
     * @param Transport|null $transport Sends the requests. Default: curl.
     * @param string|null $userAgent Replaces the whole `User-Agent`.
     * @param string|iterable<string>|null $webhookSecret One or several. Default: `LINKSKIPPER_WEBHOOK_SECRET`.
     * @param int $longPollMs How long the server is asked to hold an answer. 0 turns long polls off.
     * @param array<string, string> $headers Sent with every request.
     * @param array{name?: string, version?: string, url?: string} $appInfo Names the application in the `User-Agent`.
     * @param LoggerInterface|null $logger Gets a line per attempt at the level debug, without secrets.
     * @param \Closure(): float|null $random Returns numbers from 0 to 1, for tests.
     *
     * @throws ConfigurationException an option is missing or wrong
     */
    public function __construct(
        #[\SensitiveParameter] string|Secret|null $apiKey = null,
        ?string $baseUrl = null,
        public int $timeoutMs = 30_000,
        public int $pollIntervalMs = 2000,
        public int $maxWaitMs = 120_000,
        ?RetryPolicy $retryPolicy = null,
        ?Transport $transport = null,
        ?Sleeper $sleeper = null,
        ?Clock $clock = null,
        ?string $userAgent = null,
        #[\SensitiveParameter] string|iterable|null $webhookSecret = null,
        public int $longPollMs = 25_000,
        public array $headers = [],
        array $appInfo = [],
        public ?LoggerInterface $logger = null,
        ?\Closure $random = null,
    ) {
        $this->apiKey = Options::apiKey(is_string($apiKey) ? new Secret($apiKey) : $apiKey);
        $this->baseUrl = Options::baseUrl($baseUrl, self::DEFAULT_BASE_URL);
        Options::milliseconds('timeoutMs', $timeoutMs, 1);
        Options::milliseconds('pollIntervalMs', $pollIntervalMs);
        Options::milliseconds('maxWaitMs', $maxWaitMs, 1);
        Options::milliseconds('longPollMs', $longPollMs);
        $this->retryPolicy = $retryPolicy ?? new RetryPolicy();
        $this->transport = $transport ?? new CurlTransport();
        $this->sleeper = $sleeper ?? new SystemSleeper();
        $this->clock = $clock ?? new SystemClock();
        $this->userAgent = $userAgent ?? Options::userAgent(self::VERSION, $appInfo);
        $this->webhookSecrets = Options::webhookSecrets($webhookSecret);
        $this->random = $random ?? static fn (): float => mt_rand() / mt_getrandmax();
        Options::headers(['user-agent' => $this->userAgent], $headers);
    }

    /**
     * Return a copy with other options, by their names.
     *
     * @param array<string, mixed> $options
     * @throws ConfigurationException an option is unknown or wrong
     */
    public function with(#[\SensitiveParameter] array $options): self
    {
        $known = get_object_vars($this);
        $known['webhookSecret'] = $known['webhookSecrets'];
        unset($known['webhookSecrets']);
        $unknown = array_diff_key($options, $known, ['appInfo' => true]);
        if ($unknown !== []) {
            throw new ConfigurationException('Unknown option: ' . implode(', ', array_keys($unknown)) . '.');
        }
        if (isset($options['appInfo'])) {
            unset($known['userAgent']);
        }

        return new self(...[...$known, ...$options]);
    }

    /** @internal */
    public function apiKey(): Secret
    {
        return $this->apiKey;
    }

    /**
     * @internal
     * @return list<Secret>
     */
    public function webhookSecrets(): array
    {
        return $this->webhookSecrets;
    }
}
