<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Internal\Text;
use Psr\Http\Client\ClientExceptionInterface;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestFactoryInterface;
use Psr\Http\Message\StreamFactoryInterface;

/**
 * Sends requests with a PSR-18 client. PSR-18 knows no timeout: set one in the client, longer than the long poll. The
 * client must not follow redirects.
 */
final readonly class Psr18Transport implements Transport
{
    public function __construct(
        private ClientInterface $client,
        private RequestFactoryInterface $requestFactory,
        private StreamFactoryInterface $streamFactory,
    ) {
    }

    public function send(HttpRequest $request): HttpResponse
    {
        try {
            $message = $this->requestFactory->createRequest($request->method, $request->url);
            foreach ($request->headersWithKey() as $name => $value) {
                $message = $message->withHeader($name, $value);
            }
            if ($request->body !== null) {
                $message = $message->withBody($this->streamFactory->createStream($request->body));
            }
            $response = $this->client->sendRequest($message);
            $headers = array_map(static fn (array $values) => implode(', ', $values), $response->getHeaders());
            $body = (string) $response->getBody();
        } catch (ClientExceptionInterface | \RuntimeException $exception) {
            $reason = $request->hideKey($exception->getMessage());
            $text = Text::withoutControls("{$request->method} {$request->url} failed: {$reason}");
            throw new NetworkException($text, $exception::class);
        }

        return new HttpResponse($response->getStatusCode(), array_change_key_case($headers), $body);
    }
}
