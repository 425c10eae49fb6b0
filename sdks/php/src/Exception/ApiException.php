<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Exception;

use LinkSkipper\Sdk\Enum\ErrorCode;
use LinkSkipper\Sdk\Model\Meta;
use LinkSkipper\Sdk\Model\ProblemDetails;

/** The service answered with an error. `body` is the body of the answer as text. */
class ApiException extends LinkSkipperException
{
    public function __construct(
        string $message,
        public readonly ProblemDetails $problem,
        public readonly Meta $meta,
        public readonly string $body,
    ) {
        parent::__construct($message, $problem->status);
    }

    public function status(): int
    {
        return $this->problem->status;
    }

    public function errorCode(): ErrorCode
    {
        return $this->problem->code;
    }

    /** Return the code as the service wrote it, also if this package does not know it. */
    public function codeName(): ?string
    {
        return $this->problem->codeName;
    }

    public function title(): ?string
    {
        return $this->problem->title;
    }

    public function detail(): ?string
    {
        return $this->problem->detail;
    }

    /** Return the URL that explains the code. */
    public function type(): ?string
    {
        return $this->problem->type;
    }

    /** Return the credits of the account, if the service tells them. */
    public function balance(): ?int
    {
        return $this->problem->balance;
    }

    /** Return the seconds after which a retry can succeed. */
    public function retryAfter(): ?int
    {
        return $this->problem->retryAfter;
    }

    /** Return the id of the request in the service's log. */
    public function requestId(): ?string
    {
        return $this->meta->requestId;
    }

    /** @return array<string, string> the headers of the answer, by names in lower case */
    public function headers(): array
    {
        return $this->meta->headers;
    }
}
