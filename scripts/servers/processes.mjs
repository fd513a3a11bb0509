// Processes that outlive the command that started them, known again later. A pid alone is not enough: it may long belong to another program.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process as it can be known again: its pid and when it was started. Undefined where there is none, or only what is left of one. */
export function identify(pid) {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

export function isAlive({ pid, started }) {
  return identify(pid)?.started === started
}

/** Send a signal, but only to the very process that was meant. Says whether there was one. */
export function signal(one, name) {
  if (!isAlive(one)) return false
  try {
    process.kill(one.pid, name)
    return true
  } catch (error) {
    if (error.code === 'ESRCH') return false
    throw error
  }
}

/** End processes with SIGKILL and wait until they are gone. */
export async function end(processes, { patienceMs = 10_000 } = {}) {
  for (const one of processes) signal(one, 'SIGKILL')
  const deadline = performance.now() + patienceMs
  while (processes.some(isAlive)) {
    if (performance.now() > deadline) throw new Error(`process ${processes.find(isAlive).pid} does not end`)
    await sleep(20)
  }
}

/** Ticks since this boot, with the boot: neither repeats. */
function startedOnLinux(pid) {
  let stat
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
  // The program's name stands in parentheses and may itself contain some.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return undefined
  return `${fields[19]} of ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
}

function startedByPs(pid) {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch (error) {
    if (error.status === 1) return undefined
    throw error
  }
}
