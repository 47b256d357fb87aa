import { describe, expect, it } from 'vitest';
import { createManualClock, realClock } from '#lib/local/aws/clock.ts';

describe('manual clock', () => {
  it('fires what is due, in the order of time and then of setting, each at its own time', () => {
    const clock = createManualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`);
    clock.setTimer(300, note('late'));
    clock.setTimer(100, note('first'));
    clock.setTimer(200, note('second'));
    clock.setTimer(100, note('also first'));
    clock.advance(200);
    expect(fired).toEqual(['first at 100', 'also first at 100', 'second at 200']);
    expect(clock.now()).toBe(200);
    clock.advance(100);
    expect(fired.at(-1)).toBe('late at 300');
  });

  it('fires what fired timers set, when that is due too', () => {
    const clock = createManualClock(0);
    const fired: number[] = [];
    const tick = (): void => {
      fired.push(clock.now());
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it('fires a timer of 0 or less only when time is let pass, if only 0 of it', () => {
    const clock = createManualClock(0);
    let fired = 0;
    clock.setTimer(-5, () => fired++);
    expect(fired).toBe(0);
    clock.advance(0);
    expect(fired).toBe(1);
  });

  it('does not fire what was taken back', () => {
    const clock = createManualClock(0);
    const fired: string[] = [];
    const takeBack = clock.setTimer(10, () => fired.push('taken back'));
    clock.setTimer(10, () => fired.push('kept'));
    takeBack();
    takeBack();
    expect(clock.pending()).toBe(1);
    clock.advance(10);
    expect(fired).toEqual(['kept']);
    expect(clock.pending()).toBe(0);
  });

  it('keeps the order of many timers, most of them taken back', () => {
    const clock = createManualClock(0);
    const fired: number[] = [];
    const expected: number[] = [];
    for (let n = 0; n < 5000; n++) {
      const at = (n * 7919) % 5003;
      const takeBack = clock.setTimer(at, () => fired.push(at));
      if (n % 10 === 0) expected.push(at);
      else takeBack();
    }
    clock.advance(5003);
    expect(fired).toEqual(expected.sort((a, b) => a - b));
  });
});

describe('real clock', () => {
  it('fires, and not what was taken back', async () => {
    const fired: string[] = [];
    const takeBack = realClock.setTimer(0, () => fired.push('taken back'));
    takeBack();
    // Its timers keep no process alive; this one keeps the test alive meanwhile.
    const alive = setInterval(() => {}, 1000);
    await new Promise<void>((resolve) => {
      realClock.setTimer(1, resolve);
    });
    clearInterval(alive);
    expect(fired).toEqual([]);
  });
});
