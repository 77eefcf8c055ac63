/*
 * The clock of the cloud: preloaded into a process (LD_PRELOAD), it adds the seconds in the file $CLOCK_SHIFT_FILE
 * (one 64-bit integer, as the machine stores it) to the wall clock that the C library tells: clock_gettime of
 * CLOCK_REALTIME and CLOCK_REALTIME_COARSE, gettimeofday, time, timespec_get. A change of the file is seen at once
 * by all that have it preloaded. Without the file the clock is the machine's.
 *
 * A wait for a condition until a moment of the wall clock (pthread_cond_timedwait, as MariaDB's timers use it) ends
 * after the time that was left until then when it began, so it is no shorter and no longer than without this library.
 *
 * Left as they are: the monotonic clocks, so timers and timeouts run on at their pace; times that the kernel tells,
 * such as those of files; waits for locks and semaphores until a moment of the wall clock, which Python, Node,
 * MariaDB and their libraries do not use.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none = 0;
static const volatile int64_t *mapped;

/* Two threads that come first both map the file: no harm. */
static int64_t shift(void) {
  if (!mapped) {
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    mapped = page == MAP_FAILED ? &none : page;
  }
  return *mapped;
}

int clock_gettime(clockid_t clock, struct timespec *to) {
  int failed = syscall(SYS_clock_gettime, clock, to);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) to->tv_sec += shift();
  return failed;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *to, int base) {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, to);
  return base;
}

/* No machine has been up for so long: a later moment is one of the wall clock. */
#define LONGEST_UPTIME_S 1000000000

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  if (until->tv_sec < LONGEST_UPTIME_S) return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, until);
  struct timespec unmoved = {.tv_sec = until->tv_sec - shift(), .tv_nsec = until->tv_nsec};
  return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &unmoved);
}
