<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Enum;

/** The state of a job. `Unknown` is a value that this package does not know: `raw` of the result has it. */
enum JobStatus: string
{
    case Queued = 'queued';
    case Running = 'running';
    case Done = 'done';
    case Failed = 'failed';
    case Invalid = 'invalid';
    case Unknown = 'unknown';

    /** Say whether the job has ended. */
    public function isTerminal(): bool
    {
        return match ($this) {
            self::Done, self::Failed, self::Invalid => true,
            default => false,
        };
    }
}
