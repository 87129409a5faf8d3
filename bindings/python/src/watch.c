#include "native.h"

PyObject* store_watch(Store* self, PyObject* args) {
    const char* bucket = NULL;
    kigumi_watch* handle = NULL;
    kigumi_status status;
    Watch* watch;
    if (!PyArg_ParseTuple(args, "z", &bucket) || store_check(self) != 0) return NULL;
    status = kigumi_watch_open(self->handle, bucket, &handle);
    if (status != KIGUMI_OK) return raise_status(status);
    watch = PyObject_New(Watch, &WatchType);
    if (watch == NULL) {
        kigumi_watch_close(handle);
        return NULL;
    }
    Py_INCREF(self);
    watch->handle = handle;
    watch->store = self;
    return (PyObject*)watch;
}

static int usable(Watch* self) {
    if (self->handle != NULL) return 1;
    raise_invalid("the watch was closed; open another one");
    return 0;
}

static PyObject* take(Watch* self, PyObject* unused) {
    bool changed = false;
    kigumi_status status;
    (void)unused;
    if (!usable(self)) return NULL;
    status = kigumi_watch_take(self->handle, &changed);
    return status == KIGUMI_OK ? PyBool_FromLong(changed) : raise_status(status);
}

static PyObject* descriptor(Watch* self, PyObject* unused) {
    (void)unused;
    if (!usable(self)) return NULL;
    return PyLong_FromLong(kigumi_watch_fd(self->handle));
}

static PyObject* close_watch(Watch* self, PyObject* unused) {
    (void)unused;
    kigumi_watch_close(self->handle);
    self->handle = NULL;
    Py_RETURN_NONE;
}

static void destroy(Watch* self) {
    kigumi_watch_close(self->handle);
    Py_DECREF(self->store);
    Py_TYPE(self)->tp_free((PyObject*)self);
}

static PyMethodDef methods[] = {{"take", (PyCFunction)take, METH_NOARGS, NULL},
                                {"fileno", (PyCFunction)descriptor, METH_NOARGS, NULL},
                                {"close", (PyCFunction)close_watch, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};

PyTypeObject WatchType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Watch",
    .tp_basicsize = sizeof(Watch),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
};
