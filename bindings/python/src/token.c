#include "native.h"

/* Tokens are only touched under the interpreter's lock: whoever waits without it has a copy. */

static Token* make_empty(const char* text, Py_ssize_t size) {
    kigumi_slice word = {text, (size_t)size};
    kigumi_status status;
    Token* const self = PyObject_New(Token, &TokenType);
    if (self == NULL) return NULL;
    self->handle = NULL;
    status = kigumi_token_open(word, &self->handle);
    if (status == KIGUMI_OK) return self;
    Py_DECREF(self);
    raise_status(status);
    return NULL;
}

static PyObject* make(PyTypeObject* type, PyObject* args, PyObject* unused) {
    const char* text = NULL;
    Py_ssize_t size = 0;
    (void)type;
    (void)unused;
    if (!PyArg_ParseTuple(args, "s#", &text, &size)) return NULL;
    return (PyObject*)make_empty(text, size);
}

static PyObject* none_or_raise(kigumi_status status) {
    if (status != KIGUMI_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject* observe(Token* self, PyObject* txn) {
    const Transaction* const seen = (Transaction*)txn;
    if (!PyObject_TypeCheck(txn, &TransactionType))
        return PyErr_Format(PyExc_TypeError, "a token observes transactions");
    if (seen->busy) return raise_invalid("another thread is using this transaction");
    return none_or_raise(kigumi_token_observe(self->handle, seen->handle));
}

static PyObject* merge(Token* self, PyObject* other) {
    if (!PyObject_TypeCheck(other, &TokenType))
        return PyErr_Format(PyExc_TypeError, "a token merges with tokens");
    return none_or_raise(kigumi_token_merge(self->handle, ((Token*)other)->handle));
}

static PyObject* text(Token* self, PyObject* unused) {
    char* word = NULL;
    kigumi_status status;
    PyObject* result;
    (void)unused;
    status = kigumi_token_text_copy(self->handle, &word);
    if (status != KIGUMI_OK) return raise_status(status);
    result = PyUnicode_FromString(word);
    kigumi_free(word);
    return result;
}

static void destroy(Token* self) {
    kigumi_token_close(self->handle);
    Py_TYPE(self)->tp_free((PyObject*)self);
}

/* A copy of a Token, or NULL for None; 0, or -1 with an exception. */
static int copy_or_none(PyObject* token, Token** copy) {
    kigumi_status status;
    *copy = NULL;
    if (token == Py_None) return 0;
    if (!PyObject_TypeCheck(token, &TokenType)) {
        PyErr_SetString(PyExc_TypeError, "this is no token");
        return -1;
    }
    *copy = make_empty("", 0);
    if (*copy == NULL) return -1;
    status = kigumi_token_merge((*copy)->handle, ((Token*)token)->handle);
    if (status == KIGUMI_OK) return 0;
    Py_CLEAR(*copy);
    raise_status(status);
    return -1;
}

/* (bucket, token, timeout_ms) */
PyObject* store_begin_at_least(Store* self, PyObject* args) {
    const char* bucket = NULL;
    PyObject* token = NULL;
    long long timeout_ms = 0;
    Token* copy = NULL;
    kigumi_status status;
    Transaction* txn;
    if (!PyArg_ParseTuple(args, "zO!L", &bucket, &TokenType, &token, &timeout_ms) ||
        store_check(self) != 0 || copy_or_none(token, &copy) != 0)
        return NULL;
    txn = transaction_make(self);
    if (txn == NULL) {
        Py_DECREF(copy);
        return NULL;
    }
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status =
        kigumi_read_open_at_least(self->handle, bucket, copy->handle, timeout_ms, &txn->handle);
    Py_END_ALLOW_THREADS-- self->calls;
    Py_DECREF(copy);
    if (status == KIGUMI_OK) return (PyObject*)txn;
    Py_DECREF(txn);
    return raise_status(status);
}

/* (bucket, token or None, replicas, timeout_ms) */
PyObject* store_wait(Store* self, PyObject* args) {
    const char* bucket = NULL;
    PyObject* token = NULL;
    Py_ssize_t replicas = 0;
    long long timeout_ms = 0;
    Token* copy = NULL;
    size_t confirmed = 0;
    kigumi_status status;
    if (!PyArg_ParseTuple(args, "zOnL", &bucket, &token, &replicas, &timeout_ms) ||
        store_check(self) != 0)
        return NULL;
    if (replicas < 0) return raise_invalid("a number of replicas is not negative");
    if (copy_or_none(token, &copy) != 0) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status =
        kigumi_wait(self->handle, bucket, copy == NULL ? NULL : copy->handle, (size_t)replicas,
                    timeout_ms, &confirmed);
    Py_END_ALLOW_THREADS-- self->calls;
    Py_XDECREF(copy);
    return status == KIGUMI_OK ? PyLong_FromSize_t(confirmed) : raise_status(status);
}

/* (bucket, token or None) */
PyObject* store_confirmed(Store* self, PyObject* args) {
    const char* bucket = NULL;
    PyObject* token = NULL;
    Token* copy = NULL;
    size_t replicas = 0;
    kigumi_status status;
    if (!PyArg_ParseTuple(args, "zO", &bucket, &token) || store_check(self) != 0 ||
        copy_or_none(token, &copy) != 0)
        return NULL;
    status = kigumi_confirmed(self->handle, bucket, copy == NULL ? NULL : copy->handle, &replicas);
    Py_XDECREF(copy);
    return status == KIGUMI_OK ? PyLong_FromSize_t(replicas) : raise_status(status);
}

static PyMethodDef methods[] = {{"observe", (PyCFunction)observe, METH_O, NULL},
                                {"merge", (PyCFunction)merge, METH_O, NULL},
                                {"text", (PyCFunction)text, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};

PyTypeObject TokenType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Token",
    .tp_basicsize = sizeof(Token),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
    .tp_new = make,
};
