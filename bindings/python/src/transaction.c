#include "native.h"

/* Every function takes (key, field, …): `field` is None for the object itself. */

static int usable(Transaction* self) {
    if (self->handle != NULL && !self->busy) return 1;
    raise_invalid(self->busy ? "another thread is using this transaction"
                             : "the transaction has ended; open another one");
    return 0;
}

/* The handle and the place, if all is well. */
static int begin(Transaction* self, PyObject* const* args, Py_ssize_t count, Py_ssize_t wanted,
                 kigumi_place* at) {
    if (count != wanted) {
        PyErr_Format(PyExc_TypeError, "%zd arguments instead of %zd", count, wanted);
        return 0;
    }
    return usable(self) && place_from_python(args[0], args[1], at) == 0;
}

static PyObject* none_or_raise(kigumi_status status) {
    if (status != KIGUMI_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject* bool_or_raise(kigumi_status status, bool told) {
    if (status != KIGUMI_OK) return raise_status(status);
    return PyBool_FromLong(told);
}

/* (found, value) */
static PyObject* optional_value(const kigumi_value* value) {
    if (value->kind == KIGUMI_ABSENT) Py_RETURN_NONE;
    return Py_BuildValue("(N)", value_to_python(value));
}

static PyObject* register_get(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_value value;
    kigumi_status status;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_register_get(self->handle, at, &value);
    return status == KIGUMI_OK ? optional_value(&value) : raise_status(status);
}

static PyObject* register_siblings(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    const kigumi_sibling* siblings = NULL;
    size_t found = 0;
    kigumi_status status;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_register_siblings(self->handle, at, &siblings, &found);
    return status == KIGUMI_OK ? siblings_to_python(siblings, found) : raise_status(status);
}

static PyObject* register_assign(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_value value;
    Keeper keeper = {NULL, 0, NULL};
    PyObject* result = NULL;
    if (!begin(self, args, count, 3, &at)) return NULL;
    if (value_from_python(args[2], &value, &keeper) == 0)
        result = none_or_raise(kigumi_register_assign(self->handle, at, value));
    keeper_release(&keeper);
    return result;
}

static PyObject* register_remove(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    bool was_there = false;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_register_remove(self->handle, at, &was_there);
    return bool_or_raise(status, was_there);
}

static PyObject* counter_get(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    int64_t sum = 0;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_counter_get(self->handle, at, &sum);
    return status == KIGUMI_OK ? PyLong_FromLongLong(sum) : raise_status(status);
}

static PyObject* counter_add(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_value amount;
    Keeper none = {NULL, 0, NULL};
    if (!begin(self, args, count, 3, &at)) return NULL;
    if (!PyLong_Check(args[2])) {
        PyErr_Format(PyExc_TypeError, "a counter counts by int, not %.100s",
                     Py_TYPE(args[2])->tp_name);
        return NULL;
    }
    if (PyBool_Check(args[2])) {
        amount = kigumi_value_int(args[2] == Py_True);
    } else if (value_from_python(args[2], &amount, &none) != 0) {
        return NULL;
    }
    return none_or_raise(kigumi_counter_add(self->handle, at, amount.as.integer));
}

static PyObject* counter_reset(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    if (!begin(self, args, count, 2, &at)) return NULL;
    return none_or_raise(kigumi_counter_reset(self->handle, at));
}

static PyObject* flag_get(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    bool enabled = false;
    kigumi_flag_policy policy;
    if (!begin(self, args, count, 3, &at)) return NULL;
    policy = args[2] == Py_True ? KIGUMI_DISABLE_WINS : KIGUMI_ENABLE_WINS;
    status = kigumi_flag_get(self->handle, at, policy, &enabled);
    return bool_or_raise(status, enabled);
}

static PyObject* flag_set(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    if (!begin(self, args, count, 3, &at)) return NULL;
    return none_or_raise(kigumi_flag_set(self->handle, at, args[2] == Py_True));
}

/* What the three functions of a set's member have in common. */
typedef kigumi_status (*MemberFunction)(kigumi_txn*, kigumi_place, kigumi_value, bool*);

static PyObject* member(Transaction* self, PyObject* const* args, Py_ssize_t count,
                        MemberFunction function) {
    kigumi_place at;
    kigumi_value value;
    Keeper keeper = {NULL, 0, NULL};
    PyObject* result = NULL;
    bool told = false;
    if (!begin(self, args, count, 3, &at)) return NULL;
    if (value_from_python(args[2], &value, &keeper) == 0) {
        const kigumi_status status = function(self->handle, at, value, &told);
        result = bool_or_raise(status, told);
    }
    keeper_release(&keeper);
    return result;
}

static PyObject* set_contains(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    return member(self, args, count, kigumi_set_contains);
}

static PyObject* set_add(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    return member(self, args, count, kigumi_set_add);
}

static PyObject* set_remove(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    return member(self, args, count, kigumi_set_remove);
}

static PyObject* set_size(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    uint64_t size = 0;
    if (!begin(self, args, count, 2, &at)) return NULL;
    self->busy = 1;
    Py_BEGIN_ALLOW_THREADS status = kigumi_set_size(self->handle, at, &size);
    Py_END_ALLOW_THREADS self->busy = 0;
    return status == KIGUMI_OK ? PyLong_FromUnsignedLongLong(size) : raise_status(status);
}

static PyObject* map_remove(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    bool was_there = false;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_map_remove(self->handle, at, &was_there);
    return bool_or_raise(status, was_there);
}

static PyObject* types_get(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    kigumi_types types = 0;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_types_get(self->handle, at, &types);
    return status == KIGUMI_OK ? PyLong_FromUnsignedLong(types) : raise_status(status);
}

static PyObject* object_remove(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_status status;
    bool was_there = false;
    long type;
    if (!begin(self, args, count, 3, &at)) return NULL;
    type = PyLong_AsLong(args[2]);
    if (type == -1 && PyErr_Occurred()) return NULL;
    status = kigumi_object_remove(self->handle, at, (kigumi_type)type, &was_there);
    return bool_or_raise(status, was_there);
}

static PyObject* request_get(Transaction* self, PyObject* id) {
    kigumi_slice name;
    kigumi_value outcome;
    kigumi_status status;
    if (!usable(self) || slice_from_python(id, &name) != 0) return NULL;
    status = kigumi_request_get(self->handle, name, &outcome);
    return status == KIGUMI_OK ? optional_value(&outcome) : raise_status(status);
}

static PyObject* request_record(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_slice name;
    kigumi_value outcome;
    Keeper keeper = {NULL, 0, NULL};
    PyObject* result = NULL;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "request_record takes an id and an outcome");
        return NULL;
    }
    if (!usable(self) || slice_from_python(args[0], &name) != 0) return NULL;
    if (value_from_python(args[1], &outcome, &keeper) == 0)
        result = none_or_raise(kigumi_request_record(self->handle, name, outcome));
    keeper_release(&keeper);
    return result;
}

static PyObject* set_members(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_cursor* cursor = NULL;
    kigumi_status status;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_set_members_open(self->handle, at, &cursor);
    if (status != KIGUMI_OK) return raise_status(status);
    return cursor_make(cursor, (PyObject*)self, show_member);
}

static PyObject* map_fields(Transaction* self, PyObject* const* args, Py_ssize_t count) {
    kigumi_place at;
    kigumi_cursor* cursor = NULL;
    kigumi_status status;
    if (!begin(self, args, count, 2, &at)) return NULL;
    status = kigumi_map_fields_open(self->handle, at, &cursor);
    if (status != KIGUMI_OK) return raise_status(status);
    return cursor_make(cursor, (PyObject*)self, show_field);
}

static PyObject* keys(Transaction* self, PyObject* prefix) {
    kigumi_slice begin_with;
    kigumi_cursor* cursor = NULL;
    kigumi_status status;
    if (!usable(self) || slice_from_python(prefix, &begin_with) != 0) return NULL;
    status = kigumi_keys_open(self->handle, begin_with, &cursor);
    if (status != KIGUMI_OK) return raise_status(status);
    return cursor_make(cursor, (PyObject*)self, show_key);
}

static PyObject* conflicts(Transaction* self, PyObject* unused) {
    kigumi_cursor* cursor = NULL;
    kigumi_status status;
    (void)unused;
    if (!usable(self)) return NULL;
    status = kigumi_conflicts_open(self->handle, &cursor);
    if (status != KIGUMI_OK) return raise_status(status);
    return cursor_make(cursor, (PyObject*)self, show_conflict);
}

static PyObject* commit(Transaction* self, PyObject* unused) {
    kigumi_status status;
    (void)unused;
    if (!usable(self)) return NULL;
    self->busy = 1;
    Py_BEGIN_ALLOW_THREADS status = kigumi_txn_commit(self->handle);
    Py_END_ALLOW_THREADS self->busy = 0;
    return none_or_raise(status);
}

static PyObject* close_transaction(Transaction* self, PyObject* unused) {
    (void)unused;
    if (self->busy) return raise_invalid("another thread is using this transaction");
    kigumi_txn_close(self->handle);
    self->handle = NULL;
    Py_RETURN_NONE;
}

static void destroy(Transaction* self) {
    kigumi_txn_close(self->handle);
    Py_XDECREF(self->store);
    Py_TYPE(self)->tp_free((PyObject*)self);
}

#define FAST(name) \
    { #name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL }

static PyMethodDef methods[] = {FAST(register_get),
                                FAST(register_siblings),
                                FAST(register_assign),
                                FAST(register_remove),
                                FAST(counter_get),
                                FAST(counter_add),
                                FAST(counter_reset),
                                FAST(flag_get),
                                FAST(flag_set),
                                FAST(set_contains),
                                FAST(set_add),
                                FAST(set_remove),
                                FAST(set_size),
                                FAST(set_members),
                                FAST(map_fields),
                                FAST(map_remove),
                                FAST(types_get),
                                FAST(object_remove),
                                FAST(request_record),
                                {"request_get", (PyCFunction)request_get, METH_O, NULL},
                                {"keys", (PyCFunction)keys, METH_O, NULL},
                                {"conflicts", (PyCFunction)conflicts, METH_NOARGS, NULL},
                                {"commit", (PyCFunction)commit, METH_NOARGS, NULL},
                                {"close", (PyCFunction)close_transaction, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};

PyTypeObject TransactionType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Transaction",
    .tp_basicsize = sizeof(Transaction),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
};
