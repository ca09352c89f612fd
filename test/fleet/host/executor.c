// mesos-executor, mesos-docker-executor and any custom one: what Mesos 1.0.3's executor driver does with its links.
#define _GNU_SOURCE
#include "wire.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 8
#define INBOUND 32

static struct peer agent_link = {.fd = -1};   // the link: its end is the agent's end
static struct peer subscription = {.fd = -1}; // HTTP executors: the second connection. Others: a plain HTTP client's
static struct peer inbound[INBOUND];
static int listener, registered, subscribed_over_http, has_client;
static double deadline; // 0: not waiting
static pid_t task;
static const char *agent, *agent_id, *timeout, *me;

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static double seconds(const char *duration) {
  char unit[16] = "secs";
  double number = 0;
  sscanf(duration, "%lf%15s", &number, unit);
  return number * (strcmp(unit, "ms") == 0 ? 0.001 : strncmp(unit, "min", 3) == 0 ? 60 : strncmp(unit, "hr", 2) == 0 ? 3600 : 1);
}

static char *identity(const char *state) {
  return format("executor=%s framework=%s task=%s state=%s pid=%d\n", encoded(environment("MESOS_EXECUTOR_ID")),
                encoded(environment("MESOS_FRAMEWORK_ID")), encoded(environment("FLEET_TASK_ID")), state, (int)getpid());
}

// An update goes on the link where there is one, else on a connection of its own, as libprocess sends.
static void update(const char *state) {
  int fd = agent_link.fd >= 0 ? agent_link.fd : connected_to(agent);
  if (fd >= 0) post(fd, me, "slave(1)", "StatusUpdateMessage", identity(state));
  if (fd >= 0 && fd != agent_link.fd) close(fd);
}

static void run_quietly(const char *command) {
  pid_t child = fork();
  if (child == 0) execl("/bin/sh", "sh", "-c", command, NULL), _exit(127);
  waitpid(child, NULL, 0);
}

static void shut_down(void) {
  if (task > 0) {
    if (*environment("FLEET_CONTAINER")) run_quietly("docker rm -f \"$FLEET_CONTAINER\" >/dev/null 2>&1");
    kill(-task, SIGTERM);
    waitpid(task, NULL, 0);
    update("TASK_KILLED");
  }
  sleep(1); // as the driver does, so that the agent hears the update before it sees the process gone
  exit(0);
}

static void run_task(void) {
  task = fork();
  if (task == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); // an agent that kills an executor destroys its container, task and all
    setsid();
    execl("/bin/sh", "sh", "-c", *environment("FLEET_CONTAINER") ? environment("FLEET_DOCKER_RUN") : "exec sleep 98765", NULL);
    _exit(127);
  }
  printf("Forked command at %d\n", (int)task);
  update("TASK_RUNNING");
}

static void link_to_agent(const char *first_words) {
  if (agent_link.fd < 0) agent_link.fd = connected_to(agent);
  if (agent_link.fd >= 0) post(agent_link.fd, me, "slave(1)", first_words, identity(task ? "TASK_RUNNING" : "TASK_STAGING"));
}

static void subscribe(void) {
  if (subscription.fd < 0) subscription.fd = connected_to(agent);
  link_to_agent("Subscribe");
}

static void agent_exited(void) {
  if (strcmp(environment("MESOS_CHECKPOINT"), "1") == 0 && registered) {
    registered = 0;
    deadline = now() + seconds(timeout);
    glog('I', "exec.cpp:486", "Agent exited, but framework has checkpointing enabled. Waiting %s to reconnect with agent %s",
         timeout, agent_id);
    return;
  }
  glog('I', "exec.cpp:495", "Agent exited ... shutting down");
  shut_down();
}

static void take(const struct message *message) {
  const char *name = strrchr(message->path, '.') ? strrchr(message->path, '.') + 1 : message->path;
  if (strcmp(name, "ExecutorRegisteredMessage") == 0) {
    glog('I', "exec.cpp:236", "Executor registered on agent %s", agent_id);
    registered = 1;
  } else if (strcmp(name, "RunTaskMessage") == 0 && registered && task == 0) {
    run_task();
  } else if (strcmp(name, "ReconnectExecutorMessage") == 0) {
    glog('I', "exec.cpp:282", "Received reconnect request from agent %s", agent_id);
    link_to_agent("ReregisterExecutorMessage"); // a half-open link counts as a link: nothing new is opened
    if (agent_link.fd < 0) agent_exited();
  } else if (strcmp(name, "ExecutorReregisteredMessage") == 0) {
    glog('I', "exec.cpp:259", "Executor re-registered on agent %s", agent_id);
    registered = 1;
    deadline = 0;
  } else if (strcmp(name, "ShutdownExecutorMessage") == 0) {
    glog('I', "exec.cpp:413", "Executor asked to shutdown");
    shut_down();
  }
}

static void listen_to(struct peer *peer, short events, void (*gone)(void)) {
  struct message message;
  if (peer->fd < 0 || !events) return;
  int there = receive(peer);
  while (next_message(peer, &message)) take(&message);
  if (!there && gone) gone();
}

// HTTP executors have one life on two connections: where one ends, both are made anew.
static void resubscribe(void) {
  for (struct peer *each = &agent_link; each; each = each == &agent_link ? &subscription : NULL) {
    if (each->fd >= 0) close(each->fd);
    each->fd = -1;
  }
  if (registered) agent_exited();
}

static void welcome(void) {
  for (int i = 0; i < INBOUND; i++)
    if (inbound[i].fd < 0) {
      inbound[i] = (struct peer){.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)};
      if (inbound[i].fd < 0) listener = -1; // somebody shut the listening socket: it never hears again
      return;
    }
}

static void look_after_task(void) {
  if (task <= 0 || waitpid(task, NULL, WNOHANG) != task) return;
  task = 0;
  update("TASK_FAILED");
  exit(1);
}

static void *serve(void *nothing) {
  struct pollfd polled[INBOUND + 3];
  for (;;) {
    polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = agent_link.fd, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = subscription.fd, .events = POLLIN};
    for (int i = 0; i < INBOUND; i++) polled[3 + i] = (struct pollfd){.fd = inbound[i].fd, .events = POLLIN};
    poll(polled, INBOUND + 3, 200);
    look_after_task();
    for (int i = 0; i < INBOUND; i++) listen_to(&inbound[i], polled[3 + i].revents, NULL);
    if (polled[0].revents) welcome();
    if (agent_link.fd == polled[1].fd) listen_to(&agent_link, polled[1].revents, subscribed_over_http ? resubscribe : agent_exited);
    if (subscription.fd == polled[2].fd) listen_to(&subscription, polled[2].revents, subscribed_over_http ? resubscribe : NULL);
    if (subscribed_over_http && agent_link.fd < 0) subscribe();
    if (deadline && now() >= deadline) {
      glog('I', "exec.cpp:467", "Recovery timeout of %s exceeded; Shutting down", timeout);
      glog('I', "exec.cpp:413", "Executor asked to shutdown");
      shut_down();
    }
  }
  return nothing;
}

static void *idle(void *nothing) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  pthread_mutex_lock(&mutex);
  for (;;) pthread_cond_wait(&never, &mutex);
  return nothing;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 0; i < INBOUND; i++) inbound[i].fd = -1;
  agent = strchr(environment("MESOS_SLAVE_PID"), '@');
  if (!agent) return fprintf(stderr, "MESOS_SLAVE_PID is not set\n"), 1;
  agent++;
  agent_id = environment("MESOS_SLAVE_ID");
  timeout = environment("MESOS_RECOVERY_TIMEOUT");
  subscribed_over_http = strcmp(environment("MESOS_HTTP_COMMAND_EXECUTOR"), "1") == 0;
  has_client = *environment("FLEET_HTTP_CLIENT") != 0;
  glog('I', "exec.cpp:161", "Version: " VERSION);
  listener = listening("0.0.0.0", 0);
  agent_link.fd = connected_to(agent);
  if (agent_link.fd < 0) return glog('E', "exec.cpp:1", "Nobody listens at %s", agent), 1;
  me = format("executor(1)@%s:%d", address_of(agent_link.fd), port_of(listener));
  if (has_client) subscription.fd = connected_to(agent);
  if (subscribed_over_http) subscribe();
  else link_to_agent("RegisterExecutorMessage");
  pthread_t thread;
  for (int i = 0; i < WORKERS; i++) pthread_create(&thread, NULL, idle, NULL);
  pthread_create(&thread, NULL, serve, NULL);
  idle(NULL);
}
