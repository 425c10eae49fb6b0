<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\Exception\ApiException;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\TimeoutException;
use LinkSkipper\Sdk\Exception\WebhookVerificationException;
use LinkSkipper\Sdk\Model\Timestamp;

/** Turns results and errors into the plain JSON that the cases compare with. */
final class Neutral
{
    private const ERROR_METHODS = ['status', 'title', 'detail', 'type', 'requestId', 'retryAfter', 'headers', 'balance'];
    private const ERROR_PROPERTIES = ['body', 'meta', 'jobId', 'lastError', 'job', 'reason', 'stopReason', 'trace'];

    public static function plain(mixed $value): mixed
    {
        return match (true) {
            $value instanceof LinkSkipperException => self::error($value),
            $value instanceof Timestamp => (string) $value,
            is_object($value) && !$value instanceof \stdClass => self::model($value),
            is_array($value) => array_map(self::plain(...), $value),
            default => $value,
        };
    }

    /** Return the neutral name of a class of errors. */
    public static function className(string $class): string
    {
        return preg_replace('/^.*\\\\(\w+)Exception$/', '$1', $class);
    }

    /** Return the class of errors of a neutral name. */
    public static function errorClass(string $name): string
    {
        return "LinkSkipper\\Sdk\\Exception\\{$name}Exception";
    }

    private static function model(object $model): array
    {
        $plain = [];
        foreach (get_object_vars($model) as $name => $value) {
            $name = self::snake($name);
            // A value that the SDK does not know is its raw string.
            $plain[$name] = $value instanceof \BackedEnum
                ? ($value->name === 'Unknown' ? $model->raw[$name] : $value->value)
                : self::plain($value);
        }
        if (isset($plain['status']) && $model->status instanceof \LinkSkipper\Sdk\Enum\JobStatus) {
            $plain['is_terminal'] = $model->status->isTerminal();
        }
        if (method_exists($model, 'isDone')) {
            $plain['is_done'] = $model->isDone();
        }
        if ($model instanceof \LinkSkipper\Sdk\Model\ResolvedLink) {
            $plain['status'] = 'done';
        }

        return $plain;
    }

    private static function error(LinkSkipperException $error): array
    {
        $plain = ['class' => self::className($error::class), 'message' => $error->getMessage()];
        foreach (self::ERROR_METHODS as $name) {
            $plain[self::snake($name)] = method_exists($error, $name) ? self::plain($error->$name()) : null;
        }
        foreach (self::ERROR_PROPERTIES as $name) {
            $plain[self::snake($name)] = self::plain($error->$name ?? null);
        }
        $plain['is_retryable'] = $error->isRetryable();
        $plain['waited'] = $error instanceof TimeoutException ? $error->waitedMs / 1000 : null;
        $plain['code'] = match (true) {
            $error instanceof ApiException => $error->codeName(),
            $error instanceof WebhookVerificationException => $error->errorCode,
            default => null,
        };

        return $plain;
    }

    private static function snake(string $name): string
    {
        return strtolower(preg_replace('/[A-Z]/', '_$0', $name));
    }
}
