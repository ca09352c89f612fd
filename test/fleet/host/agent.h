// What the agent's stand-in knows, shared with its HTTP pages.
#pragma once
#include "wire.h"
#include <sys/types.h>

#define EXECUTORS 64
#define WORK_DIR "/var/lib/mesos/slave"

struct executor {
  char *id, *framework, *task, *task_name, *name, *kind, *container, *directory, *upid;
  int checkpoint, queued;
  pid_t pid;
  enum { UNLAUNCHED, LAUNCHED, RUNNING, RECOVERING, OVER } stage;
  const char *task_state;
  int unreregistered; // killed because it did not come back in time
  struct peer link;   // the agent's own connection to it
};

extern struct executor executors[EXECUTORS];
extern int executor_count, registered;
extern char *agent_id, *ip;
extern double started;

const char *flag(const char *name, const char *otherwise); // from MESOS_NAME, as DC/OS sets them in files of the unit
int knob(const char *name);                                 // whether /etc/mesos-fake/NAME is there
char *page(const char *path);                               // the JSON of a path, or NULL
