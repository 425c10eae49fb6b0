<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Enum\ErrorCode;
use LinkSkipper\Sdk\Exception\ApiException;
use LinkSkipper\Sdk\Exception\UnexpectedResponseException;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Model\Meta;
use LinkSkipper\Sdk\Model\ProblemDetails;

/**
 * Turns HTTP answers into JSON objects and errors.
 *
 * @internal
 */
final readonly class AnswerReader
{
    private const BYTE_ORDER_MARK = "\u{FEFF}";

    public function __construct(private Secret $apiKey)
    {
    }

    /**
     * Return a successful answer. A 2xx without JSON is not an error here.
     *
     * @param float $now seconds since 1970
     * @throws ApiException for every other answer
     */
    public function read(HttpResponse $response, int $attempts, float $now): Answer
    {
        $rateLimit = RateLimitParser::parse($response->headers['ratelimit'] ?? null);
        $requestId = $response->headers['x-request-id'] ?? null;
        $meta = new Meta($response->status, $requestId, $rateLimit, $response->headers, $attempts);
        $json = json_decode(self::content($response->body), true);
        if ($response->status >= 200 && $response->status < 300) {
            return new Answer($response, $meta, $json);
        }
        throw $this->error($response, $meta, Fields::isObject($json) ? $json : [], $now);
    }

    /**
     * Turn the JSON object of an answer into a result.
     *
     * @template T
     * @param \Closure(Fields): T $parser
     * @return T
     * @throws UnexpectedResponseException the body is not a JSON object, or the parser misses something in it
     */
    public function parse(Answer $answer, \Closure $parser): mixed
    {
        try {
            // Decoded, {} and [] are the same.
            if (!Fields::isObject($answer->json) || !str_starts_with(self::content($answer->response->body), '{')) {
                throw new FieldException('it is not a JSON object');
            }

            return $parser(new Fields($answer->json));
        } catch (FieldException $exception) {
            throw $this->unexpected($answer, $exception->getMessage());
        }
    }

    private static function content(string $body): string
    {
        return ltrim(str_starts_with($body, self::BYTE_ORDER_MARK) ? substr($body, 3) : $body);
    }

    /** Return the error for an answer that succeeded and still cannot be used. */
    private function unexpected(Answer $answer, string $problem): UnexpectedResponseException
    {
        $status = $answer->meta->status;
        $body = Text::scrub($answer->response->body);
        $message = "{$status} with an unexpected body: {$problem}: " . Text::shorten($body);
        $details = new ProblemDetails(null, null, $status, ErrorCode::Unknown, null, null, null, null);

        return new UnexpectedResponseException($this->clean($message, $answer->meta), $details, $answer->meta, $body);
    }

    /** @param array<string, mixed> $problem */
    private function error(HttpResponse $response, Meta $meta, array $problem, float $now): ApiException
    {
        $text = static fn (string $name): ?string => is_string($problem[$name] ?? null) ? $problem[$name] : null;
        $codeName = $text('code');
        $code = ErrorCode::tryFrom((string) $codeName) ?? ErrorCode::Unknown;
        $details = new ProblemDetails(
            type: $text('type'),
            title: $text('title'),
            status: $response->status,
            code: $code,
            codeName: $codeName,
            detail: $text('detail'),
            balance: is_int($problem['balance'] ?? null) ? $problem['balance'] : null,
            retryAfter: RetryAfter::parse($response->headers['retry-after'] ?? null, $now),
        );
        $body = Text::scrub($response->body);
        $said = $details->detail ?? $details->title;
        $message = $code === ErrorCode::Unknown
            ? self::describeUnexpected($response, $codeName, $said, $body)
            : "{$response->status} {$codeName}: " . ($said ?? 'no detail');

        return new ($code->exceptionClass())($this->clean($message, $meta), $details, $meta, $body);
    }

    private static function describeUnexpected(
        HttpResponse $response,
        ?string $code,
        ?string $detail,
        string $body,
    ): string {
        $status = $response->status;
        if ($status >= 300 && $status < 400) {
            $location = $response->headers['location'] ?? '';
            $target = $location === '' ? '' : ' to ' . Text::shorten($location);

            return "{$status} redirects{$target}, and redirects are not followed. "
                . "Set baseUrl to the service's own address";
        }
        $said = $code === null
            ? $detail ?? (Text::shorten($body) ?: 'the body is empty')
            : "{$code}: " . ($detail ?? 'no detail');

        return "{$status} that is not an answer of the API: {$said}";
    }

    private function clean(string $message, Meta $meta): string
    {
        $message .= $meta->requestId === null ? '' : " (request {$meta->requestId})";

        return Text::withoutControls($this->apiKey->hideIn($message));
    }
}
