// mesos-slave: launches executors, and takes them back after a restart exactly as far as Mesos 1.0.3 does.
#define _GNU_SOURCE
#include "agent.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 256
#define KNOBS "/etc/mesos-fake/"
#define REREGISTRATION_TIMEOUT_SECS 2

struct executor executors[EXECUTORS];
int executor_count, registered;
char *agent_id = "", *ip = "127.0.0.1";
double started;

static struct peer connections[CONNECTIONS], master = {.fd = -1};
static double clean_up_at, register_at; // 0: not to be done
static volatile sig_atomic_t look_again;

const char *flag(const char *name, const char *otherwise) {
  char *variable = format("MESOS_%s", name);
  for (char *at = variable; *at; at++)
    if (*at >= 'a' && *at <= 'z') *at -= 32;
  const char *value = getenv(variable);
  free(variable);
  return value ? value : otherwise;
}

int knob(const char *name) {
  char *path = format(KNOBS "%s", name);
  int there = access(path, F_OK) == 0;
  free(path);
  return there;
}

static double knob_seconds(const char *name) {
  char *text = content(format(KNOBS "%s", name));
  return text ? atof(text) : 0;
}

static void make_folders(const char *path) {
  for (char *at = strdup(path), *slash = at + 1; (slash = strchrnul(slash, '/')); slash++) {
    char *part = strndup(at, (size_t)(slash - at));
    mkdir(part, 0755);
    free(part);
    if (!*slash) return;
  }
}

static char *own_address(void) {
  struct ifaddrs *all, *each;
  getifaddrs(&all);
  for (each = all; each; each = each->ifa_next)
    // The host's own: not Docker's bridge, nor the near end of an executor's network.
    if (each->ifa_addr && each->ifa_addr->sa_family == AF_INET && strncmp(each->ifa_name, "eth", 3) == 0)
      return strdup(inet_ntoa(((struct sockaddr_in *)each->ifa_addr)->sin_addr));
  return "127.0.0.1";
}

static int moved(const char *marker, const char *mount) {
  char *all = content("/proc/1/cgroup"), *at = strstr(all, marker);
  if (!at) return 0;
  at += strlen(marker);
  char *root = strndup(at, strcspn(at, "\n")), *last = strrchr(root, '/');
  if (last && strcmp(last, "/init.scope") == 0) *last = 0;
  int fd = open(format("%s%s/mesos_executors.slice/cgroup.procs", mount, root), O_WRONLY | O_CLOEXEC);
  int done = fd >= 0 && write(fd, "0", 1) == 1;
  close(fd);
  return done;
}

// The executors' own cgroup, where the unit's KillMode cannot reach them: in whichever hierarchies systemd keeps its units.
static void move_to_slice(void) {
  int done = moved(":name=systemd:", "/sys/fs/cgroup/systemd") + moved("0::", "/sys/fs/cgroup/unified") + moved("0::", "/sys/fs/cgroup");
  if (!done) fprintf(stderr, "cannot move to mesos_executors.slice: %m\n"), _exit(1);
}

static void enter_network(int number) {
  char *command = format("/opt/fleet/netns %d", number);
  if (system(command)) fprintf(stderr, "no network namespace %d\n", number), _exit(1);
  int fd = open(format("/run/netns/executor%d", number), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) fprintf(stderr, "cannot enter network namespace %d: %m\n", number), _exit(1);
}

// No id may lead out of its folder.
static char *directory_of(const struct executor *each) {
  char *id = strdup(each->id);
  for (char *at = id; *at; at++)
    if (*at == '/') *at = '_';
  return format(WORK_DIR "/slaves/%s/frameworks/%s/executors/%s/runs/%s", agent_id, each->framework, id, each->container);
}

static char *checkpoint_of(const struct executor *each) {
  return format(WORK_DIR "/meta/executors/%d", (int)(each - executors));
}

static void checkpoint(const struct executor *each) {
  save(checkpoint_of(each), format("agent=%s pid=%d container=%s upid=%s over=%d\n", encoded(agent_id), (int)each->pid,
                                   each->container, encoded(each->upid), each->stage == OVER));
}

static char *container_name(const struct executor *each) { return format("mesos-%s.%s", agent_id, each->container); }

static void set_environment(const struct executor *each) {
  clearenv();
  setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("MESOS_AGENT_ENDPOINT", format("%s:5051", ip), 1);
  setenv("MESOS_CHECKPOINT", each->checkpoint ? "1" : "0", 1);
  setenv("MESOS_DIRECTORY", each->directory, 1);
  setenv("MESOS_SANDBOX", each->directory, 1);
  setenv("MESOS_EXECUTOR_ID", each->id, 1);
  setenv("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs", 1);
  setenv("MESOS_FRAMEWORK_ID", each->framework, 1);
  setenv("MESOS_HTTP_COMMAND_EXECUTOR", strcmp(each->kind, "http") == 0 ? "1" : "0", 1);
  setenv("MESOS_NATIVE_JAVA_LIBRARY", "/opt/mesosphere/lib/libmesos-" VERSION ".so", 1);
  setenv("MESOS_NATIVE_LIBRARY", "/opt/mesosphere/lib/libmesos-" VERSION ".so", 1);
  setenv("MESOS_SLAVE_ID", agent_id, 1);
  setenv("MESOS_SLAVE_PID", format("slave(1)@%s:5051", ip), 1);
  setenv("FLEET_TASK_ID", each->task, 1);
  if (strcmp(each->kind, "two-sockets") == 0) setenv("FLEET_HTTP_CLIENT", "1", 1);
}

static void set_recovery(const char *timeout) {
  setenv("MESOS_RECOVERY_TIMEOUT", timeout, 1);
  setenv("MESOS_SUBSCRIPTION_BACKOFF_MAX", "2secs", 1);
}

static void set_docker(const struct executor *each) {
  char *name = container_name(each);
  setenv("FLEET_CONTAINER", name, 1);
  setenv("FLEET_DOCKER_RUN",
         format("exec docker -H unix:///var/run/docker.sock run --cpu-shares 204 -e MESOS_SANDBOX=/mnt/mesos/sandbox "
                "-e MESOS_CONTAINER_NAME=%s --net host --name %s fleet/task:1 /sleep", name, name), 1);
}

static void become(const struct executor *each, char *spec) {
  char *network = field(spec, "network"), *cgroup = field(spec, "cgroup"), *timeout = strdup(flag("recovery_timeout", "15mins"));
  if (!cgroup || strcmp(cgroup, "unit") != 0) move_to_slice();
  if (network) enter_network((int)(each - executors) + 1);
  int docker = strcmp(each->name, "mesos-docker-executor") == 0;
  set_environment(each);
  if (each->checkpoint) set_recovery(timeout);
  if (docker) set_docker(each);
  dup2(open(format("%s/stdout", each->directory), O_WRONLY | O_CREAT | O_APPEND, 0644), 1);
  dup2(open(format("%s/stderr", each->directory), O_WRONLY | O_CREAT | O_APPEND, 0644), 2);
  if (chdir(each->directory)) _exit(1);
  setsid();
  signal(SIGHUP, SIG_DFL);
  if (docker)
    execl(LAUNCHER_DIR "/mesos-docker-executor", "mesos-docker-executor", format("--container=%s", container_name(each)),
          "--docker=docker", "--docker_socket=/var/run/docker.sock", "--help=false", "--launcher_dir=" LAUNCHER_DIR,
          "--mapped_directory=/mnt/mesos/sandbox", format("--sandbox_directory=%s", each->directory), "--stop_timeout=0ns", NULL);
  execl(format(LAUNCHER_DIR "/%s", each->name), each->name, "--launcher_dir=" LAUNCHER_DIR, NULL);
  fprintf(stderr, "cannot run %s: %m\n", each->name);
  _exit(127);
}

static char *uuid(void) { return content("/proc/sys/kernel/random/uuid"); }

static void launch(struct executor *each, char *spec) {
  each->container = uuid();
  each->upid = "";
  each->directory = directory_of(each);
  make_folders(each->directory);
  each->stage = LAUNCHED;
  each->pid = fork();
  if (each->pid == 0) become(each, spec);
  glog('I', "slave.cpp:1623", "Launching executor '%s' of framework %s with pid %d", each->id, each->framework, (int)each->pid);
  checkpoint(each);
}

static char *or_else(char *text, const char *otherwise) { return text ? text : strdup(otherwise); }

static char *describe(struct executor *each, char *spec) {
  each->id = field(spec, "id");
  each->framework = or_else(field(spec, "framework"), "135baa25-1f1a-447f-b232-d34d5ab37e8f-0000");
  each->task = or_else(field(spec, "task"), each->id);
  each->task_name = or_else(field(spec, "task_name"), each->task);
  each->name = or_else(field(spec, "name"), "mesos-executor");
  each->kind = or_else(field(spec, "kind"), "driver");
  each->checkpoint = strcmp(or_else(field(spec, "checkpoint"), "1"), "1") == 0;
  each->task_state = "TASK_STAGING";
  each->link.fd = -1;
  return spec;
}

// One executor to a line, never removed from the file: the line's number is the executor's.
static void read_specs(char *specs[]) {
  char *text = or_else(content(KNOBS "executors"), "");
  int count = 0;
  for (char *line = strtok(text, "\n"); line && count < EXECUTORS; line = strtok(NULL, "\n"), count++) {
    specs[count] = line;
    if (count >= executor_count) describe(&executors[count], line);
  }
  executor_count = count;
}

static void launch_what_is_new(void) {
  char *specs[EXECUTORS];
  read_specs(specs);
  for (int i = 0; i < executor_count; i++)
    if (executors[i].stage == UNLAUNCHED) launch(&executors[i], specs[i]);
}

static void tell_master(const char *name, const char *body) {
  if (master.fd >= 0) post(master.fd, format("slave(1)@%s:5051", ip), "master", name, body);
}

static char *task_record(const struct executor *each) {
  return format("executor=%s framework=%s task=%s name=%s state=%s checkpoint=%d\n", encoded(each->id), encoded(each->framework),
                encoded(each->task), encoded(each->task_name), each->task_state, each->checkpoint);
}

static void set_task_state(struct executor *each, const char *task_state) {
  each->task_state = task_state;
  glog('I', "slave.cpp:3211", "Handling status update %s for task %s of framework %s", task_state, each->task, each->framework);
  tell_master("StatusUpdateMessage", task_record(each));
}

static void over(struct executor *each) {
  if (strcmp(each->name, "mesos-docker-executor") == 0 && fork() == 0) {
    execlp("docker", "docker", "rm", "-f", container_name(each), NULL);
    _exit(127);
  }
  if (strcmp(each->task_state, "TASK_RUNNING") == 0 || strcmp(each->task_state, "TASK_STAGING") == 0)
    set_task_state(each, each->unreregistered ? "TASK_LOST" : "TASK_FAILED");
  glog('I', "slave.cpp:4217", "Cleaning up executor '%s' of framework %s at %s", each->id, each->framework, each->upid);
  each->stage = OVER;
  checkpoint(each);
}

static int gone(pid_t pid) { return kill(pid, 0) && errno == ESRCH; }

static void reap(void) {
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
  for (struct executor *each = executors; each < executors + executor_count; each++)
    if (each->stage != UNLAUNCHED && each->stage != OVER && gone(each->pid)) over(each);
}

static struct executor *executor_named(const char *record) {
  char *id = field(record, "executor"), *framework = field(record, "framework");
  for (struct executor *each = executors; id && framework && each < executors + executor_count; each++)
    if (strcmp(each->id, id) == 0 && strcmp(each->framework, framework) == 0) return each;
  return NULL;
}

static int over_http(const struct executor *each) { return strcmp(each->kind, "http") == 0; }

// To a driver over the agent's own connection to it; to an HTTP executor over the one it subscribed on.
static void tell_executor(struct executor *each, const struct peer *asked_on, const char *name) {
  if (!over_http(each) && each->link.fd < 0) each->link.fd = connected_to(strchr(each->upid, '@') + 1);
  int fd = over_http(each) ? asked_on->fd : each->link.fd;
  if (fd >= 0) post(fd, format("slave(1)@%s:5051", ip), "executor(1)", name, "");
}

static void executor_says(struct peer *peer, const struct message *message, const char *name) {
  struct executor *each = executor_named(message->body);
  if (!each || each->stage == UNLAUNCHED || each->stage == OVER) return;
  if (strcmp(name, "StatusUpdateMessage") == 0) {
    const char *told = field(message->body, "state");
    if (strcmp(told, each->task_state) != 0) set_task_state(each, told);
    return;
  }
  each->upid = message->from;
  if (each->stage == LAUNCHED) {
    glog('I', "slave.cpp:2886", "Got registration for executor '%s' of framework %s from %s", each->id, each->framework, each->upid);
    each->stage = RUNNING;
    tell_executor(each, peer, "ExecutorRegisteredMessage");
    tell_executor(each, peer, "RunTaskMessage");
  } else {
    if (knob("die-while-recovering")) _exit(1);
    glog('I', "slave.cpp:2998", "Re-registering executor '%s' of framework %s", each->id, each->framework);
    each->stage = RUNNING;
    each->task_state = strdup(field(message->body, "state"));
    tell_executor(each, peer, "ExecutorReregisteredMessage");
  }
  checkpoint(each);
}

static void shut_down_for(const char *reason) {
  glog('I', "slave.cpp:809", "Agent asked to shut down by master@%s because '%s'", flag("master", ""), reason);
  for (struct executor *each = executors; each < executors + executor_count; each++) {
    if (each->stage == UNLAUNCHED || each->stage == OVER) continue;
    kill(each->pid, SIGKILL);
    each->stage = OVER;
    checkpoint(each);
  }
  unlink(WORK_DIR "/meta/slaves/latest");
  glog('I', "slave.cpp:767", "Agent terminating");
  exit(0);
}

static char *info(void) { return format("attributes=%s resources=%s\n", encoded(flag("attributes", "")), encoded(flag("resources", ""))); }

static void begin_as(char *id) {
  agent_id = id;
  make_folders(format(WORK_DIR "/meta/slaves/%s", id));
  save(format(WORK_DIR "/meta/slaves/%s/slave.info", id), info());
  unlink(WORK_DIR "/meta/slaves/latest");
  if (symlink(format(WORK_DIR "/meta/slaves/%s", id), WORK_DIR "/meta/slaves/latest")) glog('E', "state.cpp:3", "no latest: %m");
}

static void master_says(const struct message *message, const char *name) {
  if (strcmp(name, "PingSlaveMessage") == 0) tell_master("PongSlaveMessage", format("id=%s\n", encoded(agent_id)));
  if (strcmp(name, "ShutdownMessage") == 0) shut_down_for(field(message->body, "reason"));
  if (strcmp(name, "SlaveRegisteredMessage") == 0) {
    char *id = field(message->body, "id");
    int again = strcmp(id, agent_id) == 0;
    if (!again) begin_as(id);
    registered = 1;
    glog('I', again ? "slave.cpp:1197" : "slave.cpp:1080", again ? "Re-registered with master master@%s%s" : "Registered with master master@%s; given agent ID %s",
         flag("master", ""), again ? "" : id);
    launch_what_is_new();
  }
}

static void take(struct peer *peer, const struct message *message) {
  const char *name = strstr(message->path, "mesos.internal.");
  if (name && strcmp(message->from, "master") == 0) return master_says(message, name + 15);
  if (name) return executor_says(peer, message, name + 15);
  if (knob("http-401")) return answer(peer->fd, "401 Unauthorized", "");
  char *body = page(message->path);
  answer(peer->fd, body ? "200 OK" : "404 Not Found", body ? body : "");
}

static int hear(struct peer *peer) {
  struct message message;
  int there = receive(peer);
  while (next_message(peer, &message)) take(peer, &message);
  return there;
}

static void register_with_master(void) {
  register_at = 0;
  if (master.fd < 0) master.fd = connected_to(flag("master", ""));
  if (master.fd < 0) {
    register_at = now() + 1;
    return;
  }
  char *body = format("id=%s ip=%s\n", encoded(agent_id), ip);
  for (struct executor *each = executors; each < executors + executor_count; each++)
    if (each->stage != UNLAUNCHED && *each->task_state) body = format("%s%s", body, task_record(each));
  tell_master(*agent_id ? "ReregisterSlaveMessage" : "RegisterSlaveMessage", body);
}

static void finish_recovery(void) {
  clean_up_at = 0;
  glog('I', "slave.cpp:3151", "Cleaning up un-reregistered executors");
  for (struct executor *each = executors; each < executors + executor_count; each++) {
    if (each->stage != RECOVERING) continue;
    glog('I', "slave.cpp:3169", "Killing un-reregistered executor '%s' of framework %s at %s", each->id, each->framework, each->upid);
    each->unreregistered = 1;
    kill(each->pid, SIGKILL);
  }
  glog('I', "slave.cpp:4810", "Finished recovery");
  register_at = now() + 0.001 + knob_seconds("registration-delay");
}

static void recover_executor(struct executor *each) {
  char *known = content(checkpoint_of(each));
  if (!known) return;
  each->pid = atoi(field(known, "pid"));
  each->container = field(known, "container");
  each->upid = field(known, "upid");
  each->stage = OVER;
  each->task_state = "";
  if (strcmp(field(known, "over"), "1") == 0) return;
  if (!each->checkpoint || strcmp(field(known, "agent"), agent_id) != 0) {
    if (!each->checkpoint) kill(each->pid, SIGKILL); // nobody's: the launcher destroys its container
    return;
  }
  each->directory = directory_of(each);
  each->task_state = "TASK_RUNNING";
  each->stage = RECOVERING;
  glog('I', "slave.cpp:5826", "Recovering executor '%s' of framework %s", each->id, each->framework);
  if (gone(each->pid) || over_http(each) || !*each->upid) return;
  glog('I', "slave.cpp:4750", "Sending reconnect request to executor '%s' of framework %s at %s", each->id, each->framework, each->upid);
  tell_executor(each, NULL, "ReconnectExecutorMessage");
}

static void refuse_other_info(const char *folder) {
  char *old = or_else(content(format("%s/slave.info", folder)), ""), *fresh = info();
  if (strncmp(old, fresh, strlen(old)) == 0 && strlen(old) + 1 == strlen(fresh)) return;
  fprintf(stderr, "Failed to perform recovery: Incompatible agent info detected.\n"
                  "------------------------------------------------------------\nOld agent info:\n%s\n"
                  "------------------------------------------------------------\nNew agent info:\n%s"
                  "------------------------------------------------------------\nTo remedy this do as follows:\n"
                  "Step 1: rm -f " WORK_DIR "/meta/slaves/latest\n        This ensures agent doesn't recover old live executors.\n"
                  "Step 2: Restart the agent.\n", old, fresh);
  exit(1);
}

static void recover(void) {
  char folder[512] = "", *specs[EXECUTORS];
  ssize_t length = knob("new-agent-id") ? -1 : readlink(WORK_DIR "/meta/slaves/latest", folder, sizeof folder - 1);
  glog('I', "state.cpp:57", "Recovering state from '" WORK_DIR "/meta'");
  if (length > 0) refuse_other_info(folder);
  if (length > 0) agent_id = strdup(strrchr(folder, '/') + 1);
  read_specs(specs);
  for (int i = 0; i < executor_count; i++) recover_executor(&executors[i]);
  if (length > 0 && strcmp(flag("recover", "reconnect"), "cleanup") == 0) shut_down_for("recovering with --recover=cleanup");
  clean_up_at = now() + (length > 0 ? REREGISTRATION_TIMEOUT_SECS : 0);
}

static void welcome(int listener) {
  for (int i = 0; i < CONNECTIONS; i++)
    if (connections[i].fd < 0) {
      connections[i] = (struct peer){.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)};
      return;
    }
}

static void do_what_is_due(void) {
  if (clean_up_at && now() >= clean_up_at) finish_recovery();
  if (register_at && now() >= register_at) register_with_master();
  if (look_again && registered) launch_what_is_new();
  look_again = look_again && !registered;
}

static void serve(int listener) {
  struct pollfd polled[CONNECTIONS + EXECUTORS + 2];
  struct peer *peers[CONNECTIONS + EXECUTORS + 1];
  for (int i = 0; i < CONNECTIONS; i++) peers[i] = &connections[i];
  for (int i = 0; i < EXECUTORS; i++) peers[CONNECTIONS + i] = &executors[i].link;
  peers[CONNECTIONS + EXECUTORS] = &master;
  for (;;) {
    int count = CONNECTIONS + EXECUTORS + 1;
    for (int i = 0; i < count; i++) polled[i] = (struct pollfd){.fd = peers[i]->fd, .events = POLLIN};
    polled[count] = (struct pollfd){.fd = listener, .events = POLLIN};
    poll(polled, (nfds_t)count + 1, 100);
    for (int i = 0; i < count; i++)
      if (polled[i].revents && peers[i]->fd == polled[i].fd && !hear(peers[i]) && peers[i] == &master) register_at = now() + 1;
    if (polled[count].revents) welcome(listener);
    reap();
    do_what_is_due();
  }
}

static void terminate(int number) {
  if (access(KNOBS "hang-on-term", F_OK) == 0) return;
  dprintf(2, "W00000000 00:00:00.000000 %5d logging.cpp:82] RAW: Received signal %s; exiting\n", (int)getpid(), strsignal(number));
  signal(number, SIG_DFL);
  raise(number);
}

static void hang_up(int number) { look_again = number; }

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--version") == 0) return puts("mesos " VERSION), 0;
  started = now();
  ip = own_address();
  signal(SIGTERM, terminate);
  signal(SIGHUP, hang_up);
  for (int i = 0; i < CONNECTIONS; i++) connections[i].fd = -1;
  for (int i = 0; i < EXECUTORS; i++) executors[i].link.fd = -1;
  if (knob("start-exit")) return fprintf(stderr, "Failed to initialize: told not to start by " KNOBS "start-exit\n"), 1;
  usleep((useconds_t)(knob_seconds("start-delay") * 1e6));
  make_folders(WORK_DIR "/meta/executors");
  make_folders(WORK_DIR "/meta/slaves");
  int listener = listening("0.0.0.0", 5051);
  if (listener < 0) return fprintf(stderr, "Failed to initialize: Failed to bind on 0.0.0.0:5051: %s\n", strerror(errno)), 1;
  glog('I', "main.cpp:244", "Version: " VERSION);
  glog('I', "slave.cpp:198", "Agent started on 1)@%s:5051", ip);
  recover();
  serve(listener);
}
