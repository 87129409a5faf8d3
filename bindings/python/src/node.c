#include "native.h"

/* On the node's thread. */
static void hear(void* context, kigumi_log_level level, const char* event, const char* detail) {
    PyObject* const log = context;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyObject* const answer = PyObject_CallFunction(log, "iss", (int)level, event, detail);
    if (answer == NULL) PyErr_WriteUnraisable(log);
    Py_XDECREF(answer);
    PyGILState_Release(state);
}

/* Texts as C strings, which live as long as the tuple; NULL with an exception. */
static const char** addresses(PyObject* peers) {
    const Py_ssize_t count = PyTuple_GET_SIZE(peers);
    const char** const list = PyMem_Malloc(sizeof(char*) * (size_t)(count + 1));
    Py_ssize_t i;
    if (list == NULL) return (const char**)PyErr_NoMemory();
    for (i = 0; i < count; ++i) {
        list[i] = PyUnicode_AsUTF8(PyTuple_GET_ITEM(peers, i));
        if (list[i] == NULL) {
            PyMem_Free(list);
            return NULL;
        }
    }
    return list;
}

/* (listen, peers, insecure, round_ms, log, key_file or None, allow, advertise or None,
 * cluster or None, leaf, only_peers) */
PyObject* store_node(Store* self, PyObject* args) {
    kigumi_node_options options = kigumi_node_options_default();
    kigumi_node* handle = NULL;
    const char* listen = NULL;
    const char** list = NULL;
    const char** allowed = NULL;
    PyObject* allow = NULL;
    PyObject* key_file = NULL;
    PyObject* peers = NULL;
    PyObject* log = NULL;
    unsigned long long round_ms = 0;
    kigumi_status status;
    int insecure = 0;
    int leaf = 0;
    int only_peers = 0;
    Node* node;
    if (!PyArg_ParseTuple(args, "sO!pKOOO!zzpp", &listen, &PyTuple_Type, &peers, &insecure,
                          &round_ms, &log, &key_file, &PyTuple_Type, &allow, &options.advertise,
                          &options.cluster, &leaf, &only_peers) ||
        store_check(self) != 0)
        return NULL;
    if (key_file != Py_None && (options.key_file = PyBytes_AsString(key_file)) == NULL) return NULL;
    node = PyObject_New(Node, &NodeType);
    if (node == NULL) return NULL;
    Py_INCREF(self);
    Py_INCREF(log);
    node->handle = NULL;
    node->store = self;
    node->log = log;
    node->calls = 0;
    list = addresses(peers);
    allowed = list == NULL ? NULL : addresses(allow);
    if (allowed == NULL) {
        PyMem_Free(list);
        Py_DECREF(node);
        return NULL;
    }
    options.allow = allowed;
    options.allow_count = (size_t)PyTuple_GET_SIZE(allow);
    options.listen = listen;
    options.peers = list;
    options.peer_count = (size_t)PyTuple_GET_SIZE(peers);
    options.insecure = insecure != 0;
    options.round_ms = round_ms;
    options.leaf = leaf != 0;
    options.only_peers = only_peers != 0;
    if (log != Py_None) options.log = hear;
    options.log_context = log;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status = kigumi_node_start(self->handle, &options, &handle);
    Py_END_ALLOW_THREADS-- self->calls;
    PyMem_Free(list);
    PyMem_Free(allowed);
    node->handle = handle;
    if (status == KIGUMI_OK) return (PyObject*)node;
    Py_DECREF(node);
    return raise_status(status);
}

static int running(Node* self) {
    if (self->handle != NULL) return 1;
    raise_invalid("the node has stopped");
    return 0;
}

static PyObject* address(Node* self, PyObject* unused) {
    (void)unused;
    if (!running(self)) return NULL;
    return PyUnicode_FromString(kigumi_node_address(self->handle));
}

/* Its thread may be waiting for the interpreter's lock, to log: whoever asks it anything has to give
 * that up. Nobody may stop it meanwhile. */
static PyObject* status(Node* self, PyObject* unused) {
    kigumi_status outcome;
    char* json = NULL;
    PyObject* text;
    (void)unused;
    if (!running(self)) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS outcome = kigumi_node_status_copy(self->handle, &json);
    Py_END_ALLOW_THREADS-- self->calls;
    if (outcome != KIGUMI_OK) return raise_status(outcome);
    text = PyUnicode_FromString(json);
    kigumi_free(json);
    return text;
}

/* (allow) */
static PyObject* set_allowed(Node* self, PyObject* args) {
    kigumi_status outcome;
    PyObject* allow = NULL;
    const char** list;
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &allow) || !running(self)) return NULL;
    list = addresses(allow);
    if (list == NULL) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS outcome =
        kigumi_node_set_allowed(self->handle, list, (size_t)PyTuple_GET_SIZE(allow));
    Py_END_ALLOW_THREADS-- self->calls;
    PyMem_Free(list);
    if (outcome != KIGUMI_OK) return raise_status(outcome);
    Py_RETURN_NONE;
}

/* (timeout_ms) */
static PyObject* drain(Node* self, PyObject* args) {
    kigumi_status outcome;
    long long timeout_ms = 0;
    if (!PyArg_ParseTuple(args, "L", &timeout_ms) || !running(self)) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS outcome = kigumi_node_drain(self->handle, timeout_ms);
    Py_END_ALLOW_THREADS-- self->calls;
    if (outcome != KIGUMI_OK) return raise_status(outcome);
    Py_RETURN_NONE;
}

static void stop(Node* self) {
    kigumi_node* const handle = self->handle;
    self->handle = NULL;
    if (handle == NULL) return;
    ++self->store->calls;
    Py_BEGIN_ALLOW_THREADS kigumi_node_stop(handle);
    Py_END_ALLOW_THREADS-- self->store->calls;
}

static PyObject* stop_node(Node* self, PyObject* unused) {
    (void)unused;
    if (self->calls != 0) return raise_invalid("another thread is using this node");
    stop(self);
    Py_RETURN_NONE;
}

static void destroy(Node* self) {
    stop(self);
    Py_DECREF(self->store);
    Py_DECREF(self->log);
    Py_TYPE(self)->tp_free((PyObject*)self);
}

static PyMethodDef methods[] = {{"address", (PyCFunction)address, METH_NOARGS, NULL},
                                {"status", (PyCFunction)status, METH_NOARGS, NULL},
                                {"set_allowed", (PyCFunction)set_allowed, METH_VARARGS, NULL},
                                {"drain", (PyCFunction)drain, METH_VARARGS, NULL},
                                {"stop", (PyCFunction)stop_node, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};

PyTypeObject NodeType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Node",
    .tp_basicsize = sizeof(Node),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
};
