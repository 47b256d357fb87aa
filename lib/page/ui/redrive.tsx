// A redrive: first a dry run that says how many dead letters it found and which, then a question, then the progress. It can
// be stopped.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CommandProgress } from '../wire.ts';
import { runCommand } from './api.ts';
import { Ask, type Question } from './ask.tsx';
import { counted } from './numbers.ts';
import { Bar, Done, Failed } from './parts.tsx';
import { RedrivePlan } from './redrive-plan.tsx';
import type { LetterFilter, Redriven } from './results.ts';

type Props = {
  readonly endpoint: string;
  readonly filter: LetterFilter;
  /** The dead letters are being read: a queue hides them from a second reader. */
  readonly isReading: boolean;
  /** Dead letters were sent: the list is not right any more. */
  readonly onDone: () => void;
  readonly onAgain: () => void;
};

/** Shows the buttons, the plan and the progress of a redrive of the dead letters that the filter selects. */
export function Redrive({ endpoint, filter, isReading, onDone, onAgain }: Props) {
  const [includeUnknown, setIncludeUnknown] = useState(false);
  const [rate, setRate] = useState('');
  const [plan, setPlan] = useState<Redriven>();
  const [question, setQuestion] = useState<Question>();
  const [progress, setProgress] = useState<CommandProgress>();
  const [running, setRunning] = useState<'dry' | 'real'>();
  const [failed, setFailed] = useState<string>();
  const [done, setDone] = useState<string>();
  const stop = useRef<AbortController>(undefined);
  // A redrive whose page is left stops after its current call.
  useEffect(() => () => stop.current?.abort(), []);

  async function run(dryRun: boolean): Promise<void> {
    stop.current = new AbortController();
    setRunning(dryRun ? 'dry' : 'real');
    setProgress(undefined);
    setFailed(undefined);
    const perSecond = Number(rate);
    const answer = await runCommand(
      'redrive',
      {
        endpoint,
        filter,
        dryRun,
        includeUnknown,
        redriveId: crypto.randomUUID(),
        ...(perSecond >= 1 && { rate: Math.floor(perSecond) }),
      },
      { onProgress: setProgress, signal: stop.current.signal },
    );
    setRunning(undefined);
    if (!answer.ok)
      setFailed(
        stop.current.signal.aborted && !dryRun
          ? `${answer.message} Its last call may still send for some seconds. What was sent stays sent.`
          : answer.message,
      );
    else if (dryRun) setPlan(answer.result);
    else setDone(answer.said);
    if (!dryRun) {
      setPlan(undefined);
      onDone();
    }
  }

  const ask = (matched: number): void =>
    setQuestion(questionOf({ matched, endpoint, includeUnknown }, () => void run(false)));

  return (
    <section class="state" aria-label="Redrive">
      <div class="buttons start">
        <button type="button" disabled={running !== undefined || isReading} onClick={() => void run(true)}>
          Redrive: dry run
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={includeUnknown}
            onChange={(event) => {
              setIncludeUnknown(event.currentTarget.checked);
              setPlan(undefined);
            }}
          />
          also those that may have been delivered
        </label>
      </div>
      {running !== undefined && (
        <>
          <Bar
            what={running === 'dry' ? 'Reading, nothing is sent' : 'Sending again'}
            done={progress?.done}
            total={progress?.total}
            note={progress?.note}
          />
          <div class="buttons start">
            <button type="button" onClick={() => stop.current?.abort()}>
              Stop
            </button>
          </div>
        </>
      )}
      {failed !== undefined && (
        <Failed>
          <span class="lines">{failed}</span>
        </Failed>
      )}
      {done !== undefined && (
        <Done>
          {done}{' '}
          <button type="button" class="small" onClick={onAgain}>
            Another one
          </button>
        </Done>
      )}
      {plan !== undefined && (
        <RedrivePlan plan={plan} rate={rate} onRate={setRate} onSend={() => ask(plan.matched)} />
      )}
      {question !== undefined && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </section>
  );
}

type Asked = { readonly matched: number; readonly endpoint: string; readonly includeUnknown: boolean };

function questionOf({ matched, endpoint, includeUnknown }: Asked, send: () => void): Question {
  const many = counted(matched, 'dead letter');
  return {
    title: `Send ${many} again?`,
    text: (
      <>
        <p>
          {many} of the endpoint <b>{endpoint}</b> {matched === 1 ? 'is' : 'are'} delivered again to their
          subscriptions.
        </p>
        {includeUnknown && (
          <p>Some may have been delivered already. A receiver that got one gets it twice.</p>
        )}
      </>
    ),
    yes: `Send ${many}`,
    danger: includeUnknown,
    async act() {
      send();
      return undefined;
    },
  };
}
