// What a Docker task does: nothing, until it is killed.
#include <signal.h>
#include <unistd.h>

int main(void) {
  signal(SIGTERM, _exit);
  for (;;) pause();
}
