<?php

// Measure resolveMany against a bare loop with curl_multi that sends the same requests, for bench/sdks.py. Prints a line of
// JSON. Both send idempotency keys: they cost the service time, and here the client is measured.

declare(strict_types=1);

require __DIR__ . '/tests/bootstrap.php';

use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Http\CurlTransport;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Http\Transport;
use LinkSkipper\Sdk\LinkSkipper;
use LinkSkipper\Sdk\Tests\Support\Tenant;

const LINKS = 2000;
const CONCURRENCY = 8;
const ROUNDS = 5;
const WAIT_SECONDS = 12; // the service gives one page at most 15

/** Return the links per second of resolveMany. */
function sdkRate(LinkSkipper $client, array $links): float
{
    $began = hrtime(true);
    $done = 0;
    foreach ($client->resolveMany($links, CONCURRENCY) as $outcome) {
        $done += $outcome->link === null ? 0 : 1;
    }
    assert($done === count($links));

    return $done / ((hrtime(true) - $began) / 1e9);
}

/** Return the links per second of handles that post and decode. */
function bareRate(CurlMultiHandle $multi, string $url, string $key, array $links): float
{
    $began = hrtime(true);
    $next = $done = 0;
    $headers = ["Authorization: Bearer {$key}", 'Content-Type: application/json'];
    $start = static function (CurlHandle $handle) use (&$next, $multi, $url, $headers, $links): void {
        curl_setopt_array($handle, [
            CURLOPT_URL => "{$url}/v1/resolve?wait=25",
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_POSTFIELDS => json_encode(['url' => $links[$next++], 'idempotency_key' => bin2hex(random_bytes(16))]),
            CURLOPT_RETURNTRANSFER => true,
        ]);
        curl_multi_add_handle($multi, $handle);
    };
    array_map($start, array_map(curl_init(...), array_fill(0, CONCURRENCY, null)));
    while ($done < count($links)) {
        curl_multi_exec($multi, $running);
        while ($message = curl_multi_info_read($multi)) {
            $handle = $message['handle'];
            $done += isset(json_decode((string) curl_multi_getcontent($handle), true)['target_url']) ? 1 : 0;
            curl_multi_remove_handle($multi, $handle);
            if ($next < count($links)) {
                $start($handle);
            }
        }
        curl_multi_select($multi, 1.0);
    }

    return $done / ((hrtime(true) - $began) / 1e9);
}

/** Return how many calls a wait takes. */
function callsOfAWait(LinkSkipper $client, string $link): int
{
    $counter = new class implements Transport {
        public int $calls = 0;
        private readonly CurlTransport $curl;

        public function __construct()
        {
            $this->curl = new CurlTransport();
        }

        public function send(HttpRequest $request): HttpResponse
        {
            $this->calls++;

            return $this->curl->send($request);
        }
    };
    $client->withOptions(['transport' => $counter])->resolveAndWait($link);

    return $counter->calls;
}

$tenant = Tenant::get();
$key = $tenant->key('normal');
$client = new LinkSkipper(new Config($key, $tenant->baseUrl()));
$multi = curl_multi_init();
$links = array_map(static fn (int $number) => $tenant->link('fast', name: $number), range(0, LINKS - 1));
sdkRate($client, $links);
bareRate($multi, $tenant->baseUrl(), $key, $links);
$sdk = $bare = [];
for ($round = 0; $round < ROUNDS; $round++) {
    $sdk[] = sdkRate($client, $links);
    $bare[] = bareRate($multi, $tenant->baseUrl(), $key, $links);
}
$calls = callsOfAWait($client, $tenant->link('slow', seconds: WAIT_SECONDS, name: 'bench-php'));
echo json_encode(['name' => 'php', 'sdk' => $sdk, 'bare' => $bare, 'calls' => $calls]), "\n";
