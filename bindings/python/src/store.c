#include "native.h"

int store_check(Store* store) {
    if (store->handle != NULL) return 0;
    raise_invalid("the store was closed; open it again");
    return -1;
}

static PyObject* make(PyTypeObject* type, PyObject* args, PyObject* unused) {
    kigumi_store_options options = kigumi_store_options_default();
    const char* directory = NULL;
    unsigned long long map_bytes = 0;
    unsigned long long min_free_bytes = 0;
    kigumi_status status;
    Store* self;
    (void)unused;
    if (!PyArg_ParseTuple(args, "yKK", &directory, &map_bytes, &min_free_bytes)) return NULL;
    self = (Store*)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    options.map_bytes = map_bytes;
    options.min_free_bytes = min_free_bytes;
    Py_BEGIN_ALLOW_THREADS status = kigumi_store_open(directory, &options, &self->handle);
    Py_END_ALLOW_THREADS if (status == KIGUMI_OK) return (PyObject*)self;
    Py_DECREF(self);
    return raise_status(status);
}

static PyObject* close_store(Store* self, PyObject* unused) {
    kigumi_store* const handle = self->handle;
    kigumi_status status;
    (void)unused;
    if (self->calls > 0) return raise_invalid("other threads are using this store");
    self->handle = NULL;
    Py_BEGIN_ALLOW_THREADS status = kigumi_store_close(handle);
    Py_END_ALLOW_THREADS if (status == KIGUMI_OK) Py_RETURN_NONE;
    self->handle = handle;
    return raise_status(status);
}

Transaction* transaction_make(Store* store) {
    Transaction* const txn = PyObject_New(Transaction, &TransactionType);
    if (txn == NULL) return NULL;
    Py_INCREF(store);
    txn->store = store;
    txn->handle = NULL;
    txn->busy = 0;
    return txn;
}

/* (bucket, writing) */
static PyObject* begin(Store* self, PyObject* args) {
    const char* bucket = NULL;
    int writing = 0;
    kigumi_status status;
    Transaction* txn;
    if (!PyArg_ParseTuple(args, "zp", &bucket, &writing) || store_check(self) != 0) return NULL;
    txn = transaction_make(self);
    if (txn == NULL) return NULL;
    if (writing) {
        ++self->calls;
        Py_BEGIN_ALLOW_THREADS status = kigumi_write_open(self->handle, bucket, &txn->handle);
        Py_END_ALLOW_THREADS-- self->calls;
    } else {
        status = kigumi_read_open(self->handle, bucket, &txn->handle);
    }
    if (status == KIGUMI_OK) return (PyObject*)txn;
    Py_DECREF(txn);
    return raise_status(status);
}

static PyObject* replica(Store* self, PyObject* unused) {
    kigumi_replica id;
    kigumi_status status;
    (void)unused;
    if (store_check(self) != 0) return NULL;
    status = kigumi_store_replica(self->handle, &id);
    if (status != KIGUMI_OK) return raise_status(status);
    return PyBytes_FromStringAndSize((const char*)id.bytes, sizeof id.bytes);
}

static PyObject* status_json(Store* self, PyObject* args) {
    const char* bucket = NULL;
    char* json = NULL;
    kigumi_status status;
    PyObject* text;
    if (!PyArg_ParseTuple(args, "z", &bucket) || store_check(self) != 0) return NULL;
    status = kigumi_store_status_copy(self->handle, bucket, &json);
    if (status != KIGUMI_OK) return raise_status(status);
    text = PyUnicode_FromString(json);
    kigumi_free(json);
    return text;
}

static PyObject* buckets(Store* self, PyObject* unused) {
    kigumi_cursor* cursor = NULL;
    kigumi_status status;
    (void)unused;
    if (store_check(self) != 0) return NULL;
    status = kigumi_buckets_open(self->handle, &cursor);
    if (status != KIGUMI_OK) return raise_status(status);
    return cursor_make(cursor, (PyObject*)self, show_name);
}

static void destroy(Store* self) {
    /* Whatever used it held a reference. */
    const kigumi_status status = kigumi_store_close(self->handle);
    (void)status;
    Py_TYPE(self)->tp_free((PyObject*)self);
}

/* (bucket) */
static PyObject* sign(Store* self, PyObject* args) {
    const char* bucket = NULL;
    kigumi_status status;
    if (!PyArg_ParseTuple(args, "z", &bucket) || store_check(self) != 0) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status = kigumi_bucket_sign(self->handle, bucket);
    Py_END_ALLOW_THREADS-- self->calls;
    if (status != KIGUMI_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"close", (PyCFunction)close_store, METH_NOARGS, NULL},
    {"begin", (PyCFunction)begin, METH_VARARGS, NULL},
    {"begin_at_least", (PyCFunction)store_begin_at_least, METH_VARARGS, NULL},
    {"wait", (PyCFunction)store_wait, METH_VARARGS, NULL},
    {"confirmed", (PyCFunction)store_confirmed, METH_VARARGS, NULL},
    {"replica", (PyCFunction)replica, METH_NOARGS, NULL},
    {"status", (PyCFunction)status_json, METH_VARARGS, NULL},
    {"buckets", (PyCFunction)buckets, METH_NOARGS, NULL},
    {"sign", (PyCFunction)sign, METH_VARARGS, NULL},
    {"export", (PyCFunction)store_export, METH_VARARGS, NULL},
    {"import_", (PyCFunction)store_import, METH_VARARGS, NULL},
    {"check", (PyCFunction)store_check_rows, METH_VARARGS, NULL},
    {"watch", (PyCFunction)store_watch, METH_VARARGS, NULL},
    {"node", (PyCFunction)store_node, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};

PyTypeObject StoreType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Store",
    .tp_basicsize = sizeof(Store),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
    .tp_new = make,
};
