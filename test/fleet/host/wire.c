#define _GNU_SOURCE
#include "wire.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

char *format(const char *pattern, ...) {
  va_list arguments;
  char *text;
  va_start(arguments, pattern);
  if (vasprintf(&text, pattern, arguments) < 0) abort();
  va_end(arguments);
  return text;
}

char *encoded(const char *text) {
  char *all = malloc(strlen(text) * 3 + 1), *to = all;
  for (; *text; text++)
    to += isalnum((unsigned char)*text) || strchr("_.:/@()-", *text) ? sprintf(to, "%c", *text)
                                                                     : sprintf(to, "%%%02X", (unsigned char)*text);
  *to = 0;
  return all;
}

static char *decoded(const char *from, size_t length) {
  char *text = malloc(length + 1), *to = text;
  for (size_t at = 0; at < length; at++) {
    unsigned byte = (unsigned char)from[at];
    if (byte == '%' && sscanf(from + at + 1, "%2x", &byte) == 1) at += 2;
    *to++ = (char)byte;
  }
  *to = 0;
  return text;
}

char *field(const char *record, const char *key) {
  size_t length = strlen(key);
  for (const char *at = record; at && *at; at = strpbrk(at, " \n")) {
    if (*at == '\n') return NULL;
    if (*at == ' ') at++;
    if (strncmp(at, key, length) == 0 && at[length] == '=')
      return decoded(at + length + 1, strcspn(at + length + 1, " \n"));
  }
  return NULL;
}

double now(void) {
  struct timeval time;
  gettimeofday(&time, NULL);
  return (double)time.tv_sec + time.tv_usec / 1e6;
}

void glog(char severity, const char *where, const char *pattern, ...) {
  struct timeval time;
  struct tm day;
  char date[32], text[8192];
  va_list arguments;
  gettimeofday(&time, NULL);
  localtime_r(&time.tv_sec, &day);
  strftime(date, sizeof date, "%Y%m%d %H:%M:%S", &day);
  va_start(arguments, pattern);
  vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  fprintf(stderr, "%c%s.%06ld %5ld %s] %s\n", severity, date, (long)time.tv_usec, syscall(SYS_gettid), where, text);
}

char *content(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  size_t room = 1 << 20;
  char *text = malloc(room);
  ssize_t length = read(fd, text, room - 1);
  close(fd);
  text[length < 0 ? 0 : length] = 0;
  if (length > 0 && text[length - 1] == '\n') text[length - 1] = 0;
  return text;
}

void save(const char *path, const char *text) {
  char *fresh = format("%s.new", path);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) glog('E', "state.cpp:1", "cannot write %s: %m", fresh);
  close(fd);
  if (rename(fresh, path)) glog('E', "state.cpp:2", "cannot write %s: %m", path);
  free(fresh);
}

int listening(const char *address, int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  inet_pton(AF_INET, address, &at.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 128)) return close(fd), -1;
  return fd;
}

int connected_to(const char *address) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  char ip[64];
  int port;
  if (sscanf(address, "%63[^:]:%d", ip, &port) != 2 || inet_pton(AF_INET, ip, &at.sin_addr) != 1) return -1;
  at.sin_port = htons((unsigned short)port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr *)&at, sizeof at)) return close(fd), -1;
  return fd;
}

static struct sockaddr_in this_side(int fd) {
  struct sockaddr_in at = {0};
  socklen_t length = sizeof at;
  getsockname(fd, (struct sockaddr *)&at, &length);
  return at;
}
int port_of(int fd) { return ntohs(this_side(fd).sin_port); }
char *address_of(int fd) {
  struct sockaddr_in at = this_side(fd);
  return strdup(inet_ntoa(at.sin_addr));
}

int receive(struct peer *peer) {
  char bytes[65536];
  ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
  if (got <= 0) {
    close(peer->fd);
    free(peer->in);
    *peer = (struct peer){.fd = -1};
    return 0;
  }
  peer->in = realloc(peer->in, peer->have + (size_t)got + 1);
  memcpy(peer->in + peer->have, bytes, (size_t)got);
  peer->have += (size_t)got;
  peer->in[peer->have] = 0;
  return 1;
}

static char *header(const char *head, const char *name) {
  const char *at = strcasestr(head, name);
  return at ? strndup(at + strlen(name), strcspn(at + strlen(name), "\r\n")) : strdup("");
}

int next_message(struct peer *peer, struct message *message) {
  char *end = peer->fd >= 0 && peer->in ? strstr(peer->in, "\r\n\r\n") : NULL;
  if (!end) return 0;
  size_t head = (size_t)(end - peer->in) + 4;
  char *top = strndup(peer->in, head);
  size_t length = (size_t)atol(header(top, "\r\nContent-Length: "));
  if (peer->have < head + length) return free(top), 0;
  char *path = strchr(top, ' ');
  message->path = path ? strndup(path + 1, strcspn(path + 1, " ?\r")) : strdup("");
  message->from = header(top, "\r\nLibprocess-From: ");
  message->body = strndup(peer->in + head, length);
  peer->have -= head + length;
  memmove(peer->in, peer->in + head + length, peer->have + 1);
  free(top);
  return 1;
}

void post(int fd, const char *from, const char *to, const char *name, const char *body) {
  char *text = format("POST /%s/mesos.internal.%s HTTP/1.1\r\nUser-Agent: libprocess/%s\r\nLibprocess-From: %s\r\n"
                      "Connection: Keep-Alive\r\nHost: \r\nContent-Length: %zu\r\n\r\n%s",
                      to, name, from, from, strlen(body), body);
  send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
  free(text);
}

void answer(int fd, const char *status, const char *body) {
  char *text = format("HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s", status,
                      strncmp(status, "401", 3) ? "" : "WWW-Authenticate: Basic realm=\"mesos-agent-readonly\"\r\n",
                      strlen(body), body);
  for (size_t sent = 0, length = strlen(text); sent < length;) {
    ssize_t some = send(fd, text + sent, length - sent, MSG_NOSIGNAL);
    if (some <= 0) break;
    sent += (size_t)some;
  }
  free(text);
}
