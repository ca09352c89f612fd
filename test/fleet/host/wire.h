// What the stand-ins of agent and executor share: records, messages over TCP as libprocess sends them, and glog's lines.
#pragma once
#include <stdarg.h>
#include <stddef.h>

#define VERSION "1.0.3"
#define LAUNCHER_DIR "/opt/mesosphere/packages/mesos--6bfac93420e14cebec27701ed547548fc4fba7bb/libexec/mesos"

// A record is one line of key=value with spaces between; in a value every byte but [A-Za-z0-9_.:/@()-] is %XX.
// The value of a key, decoded, in memory that is never given back; NULL where the record has none.
char *field(const char *record, const char *key);
char *encoded(const char *text);
char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// Wall clock, as libprocess reads it: a step of the host's clock moves every deadline.
double now(void);
void glog(char severity, const char *where, const char *pattern, ...) __attribute__((format(printf, 3, 4)));

// The content of a file without its last newline, or NULL.
char *content(const char *path);
void save(const char *path, const char *text);

struct peer {
  int fd; // -1: none
  char *in;
  size_t have;
};
struct message {
  char *path; // /executor(1)/mesos.internal.ReconnectExecutorMessage, /state
  char *from; // executor(1)@10.0.0.1:4711, "" for a plain HTTP client
  char *body;
};

int listening(const char *address, int port);
int connected_to(const char *address); // IP:PORT; -1 where nobody listens
int port_of(int fd);
char *address_of(int fd); // this side's IP
// Reads what is there. 1: more may come, 0: the other side is gone (the descriptor is then closed).
int receive(struct peer *peer);
// The next complete message that was received.
int next_message(struct peer *peer, struct message *message);
// Never waits: bytes for a half-open link stay in its send queue.
void post(int fd, const char *from, const char *to, const char *name, const char *body);
void answer(int fd, const char *status, const char *body);
