// The agent's HTTP pages in the shape of Mesos 1.0.3.
#define _GNU_SOURCE
#include "agent.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As picojson writes it: bytes above 0x7F as they are, valid UTF-8 or not.
static char *quoted(const char *text) {
  char *all = malloc(strlen(text) * 6 + 3), *to = all;
  *to++ = '"';
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\' || byte == '/') to += sprintf(to, "\\%c", byte);
    else if (byte < 0x20 || byte == 0x7f) to += sprintf(to, "\\u%04x", byte);
    else *to++ = (char)byte;
  }
  strcpy(to, "\"");
  return all;
}

static char *joined(char *list, char *item) { return !item ? list : *list ? format("%s,%s", list, item) : item; }

static char *flags(void) {
  static const char *const shown[][2] = {
      {"attributes", ""},          {"containerizers", "docker,mesos"}, {"executor_shutdown_grace_period", "5secs"},
      {"http_command_executor", "false"}, {"isolation", "posix/cpu,posix/mem"}, {"launcher", "posix"},
      {"launcher_dir", LAUNCHER_DIR}, {"master", ""},                  {"port", "5051"},
      {"recover", "reconnect"},    {"recovery_timeout", "15mins"},     {"resources", ""},
      {"strict", "true"},          {"switch_user", "true"},            {"systemd_enable_support", "true"},
      {"version", "false"},        {"work_dir", WORK_DIR}};
  char *list = format("\"hostname\":%s,\"ip\":%s", quoted(ip), quoted(ip));
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
    list = joined(list, format("\"%s\":%s", shown[i][0], quoted(flag(shown[i][0], shown[i][1]))));
  return format("{%s}", list);
}

static char *task_json(const struct executor *each) {
  return format("{\"id\":%s,\"name\":%s,\"framework_id\":%s,\"executor_id\":\"\",\"slave_id\":%s,\"state\":\"%s\","
                "\"resources\":{\"disk\":0.0,\"mem\":64.0,\"gpus\":0.0,\"cpus\":0.2},\"statuses\":[]}",
                quoted(each->task), quoted(each->task_name), quoted(each->framework), quoted(agent_id), each->task_state);
}

static char *executor_json(const struct executor *each) {
  return format("{\"id\":%s,\"name\":%s,\"source\":%s,\"container\":\"%s\",\"directory\":%s,"
                "\"resources\":{\"disk\":0.0,\"mem\":96.0,\"gpus\":0.0,\"cpus\":0.3},\"tasks\":[%s],\"queued_tasks\":[%s],"
                "\"completed_tasks\":[]}",
                quoted(each->id), quoted(each->name), quoted(each->task), each->container, quoted(each->directory),
                each->stage == LAUNCHED ? "" : task_json(each),
                each->stage == LAUNCHED || knob("queued-task") ? task_json(each) : "");
}

static int shown(const struct executor *each) { return each->stage != UNLAUNCHED && each->stage != OVER; }

static char *framework_json(const struct executor *first) {
  char *list = "";
  for (struct executor *each = executors; each < executors + executor_count; each++) {
    if (!shown(each) || strcmp(each->framework, first->framework) != 0) continue;
    if (each < first) return NULL; // listed with the framework's first executor
    list = joined(list, executor_json(each));
  }
  return format("{\"id\":%s,\"name\":\"marathon\",\"user\":\"root\",\"failover_timeout\":0.0,\"checkpoint\":%s,\"role\":\"*\","
                "\"hostname\":\"\",\"executors\":[%s],\"completed_executors\":[]}",
                quoted(first->framework), first->checkpoint ? "true" : "false", list);
}

static char *each_shown(char *(*json)(const struct executor *)) {
  char *list = "";
  for (struct executor *each = executors; each < executors + executor_count; each++)
    if (shown(each)) list = joined(list, json(each));
  return list;
}

static char *state(void) {
  return format("{\"version\":\"" VERSION "\",\"build_date\":\"fleet\",\"build_time\":1480000000.0,\"build_user\":\"fleet\","
                "\"start_time\":%.5f,\"id\":%s,\"pid\":\"slave(1)@%s:5051\",\"hostname\":\"%s\","
                "\"resources\":{\"disk\":2000.0,\"mem\":2048.0,\"gpus\":0.0,\"cpus\":4.0,\"ports\":\"[31000-32000]\"},"
                "\"attributes\":{},%s\"flags\":%s,\"frameworks\":[%s],\"completed_frameworks\":[]}",
                started, quoted(agent_id), ip, ip, registered ? "\"master_hostname\":\"master\"," : "", flags(),
                each_shown(framework_json));
}

static char *container_json(const struct executor *each) {
  return format("{\"container_id\":\"%s\",\"executor_id\":%s,\"executor_name\":%s,\"framework_id\":%s,\"source\":%s,"
                "\"status\":{\"executor_pid\":%d}}",
                each->container, quoted(each->id), quoted(each->name), quoted(each->framework), quoted(each->task), (int)each->pid);
}

static int tasks(const char *task_state) {
  int count = 0;
  for (struct executor *each = executors; each < executors + executor_count; each++)
    count += each->stage != UNLAUNCHED && strcmp(each->task_state, task_state) == 0;
  return count;
}

static char *metrics(void) {
  int running = 0, launching = 0;
  for (struct executor *each = executors; each < executors + executor_count; each++) {
    running += each->stage == RUNNING;
    launching += each->stage == LAUNCHED || each->stage == RECOVERING;
  }
  char *errors = content("/etc/mesos-fake/recovery-errors");
  return format("{\"slave\\/registered\":%d.0,\"slave\\/uptime_secs\":%f,\"slave\\/recovery_errors\":%d.0,"
                "\"slave\\/executors_running\":%d.0,\"slave\\/executors_registering\":%d.0,\"slave\\/tasks_running\":%d.0,"
                "\"slave\\/tasks_staging\":%d.0,\"slave\\/tasks_starting\":0.0,\"slave\\/tasks_lost\":%d.0,"
                "\"slave\\/tasks_failed\":%d.0,\"slave\\/tasks_killed\":%d.0,\"slave\\/tasks_finished\":0.0,"
                "\"slave\\/frameworks_active\":%d.0}",
                registered, now() - started, errors ? atoi(errors) : 0, running, launching, tasks("TASK_RUNNING"),
                tasks("TASK_STAGING"), tasks("TASK_LOST"), tasks("TASK_FAILED"), tasks("TASK_KILLED"), running);
}

char *page(const char *path) {
  if (strncmp(path, "/slave(1)/", 10) == 0) path += 9;
  if (strcmp(path, "/state") == 0 || strcmp(path, "/state.json") == 0) return state();
  if (strcmp(path, "/metrics/snapshot") == 0) return metrics();
  if (strcmp(path, "/health") == 0) return "";
  if (strcmp(path, "/flags") == 0) return format("{\"flags\":%s}", flags());
  if (strcmp(path, "/version") == 0)
    return "{\"build_date\":\"fleet\",\"build_time\":1480000000.0,\"build_user\":\"fleet\",\"version\":\"" VERSION "\"}";
  if (strcmp(path, "/containers") == 0) return format("[%s]", each_shown(container_json));
  return NULL;
}
