#include "native.h"

/* An iterator over what a cursor shows. */

PyObject* cursor_make(kigumi_cursor* handle, PyObject* owner,
                      PyObject* (*show)(const kigumi_entry* entry)) {
    Cursor* const cursor = PyObject_New(Cursor, &CursorType);
    if (cursor == NULL) {
        kigumi_cursor_close(handle);
        return NULL;
    }
    Py_INCREF(owner);
    cursor->handle = handle;
    cursor->owner = owner;
    cursor->show = show;
    return (PyObject*)cursor;
}

PyObject* show_name(const kigumi_entry* entry) { return name_to_python(entry->key); }

PyObject* show_key(const kigumi_entry* entry) {
    return Py_BuildValue("(Ni)", name_to_python(entry->key), (int)entry->type);
}

PyObject* show_member(const kigumi_entry* entry) { return value_to_python(&entry->value); }

PyObject* show_field(const kigumi_entry* entry) {
    return Py_BuildValue("(Ni)", name_to_python(entry->field), (int)entry->leaf);
}

static PyObject* field_or_none(const kigumi_entry* entry) {
    if (entry->field.data == NULL) Py_RETURN_NONE;
    return name_to_python(entry->field);
}

PyObject* show_conflict(const kigumi_entry* entry) {
    return Py_BuildValue("(NiNiNN)", name_to_python(entry->key), (int)entry->type,
                         field_or_none(entry), (int)entry->leaf, value_to_python(&entry->value),
                         siblings_to_python(entry->siblings, entry->sibling_count));
}

/* The interpreter's lock is kept: nearly every entry is in memory already. */
static PyObject* next(Cursor* self) {
    const kigumi_entry* entry = NULL;
    kigumi_status status;
    if (self->handle == NULL) return NULL;
    if (Py_IS_TYPE(self->owner, &TransactionType) && ((Transaction*)self->owner)->busy)
        return raise_invalid("another thread is using this transaction");
    status = kigumi_cursor_next(self->handle, &entry);
    if (status != KIGUMI_OK) return raise_status(status);
    if (entry != NULL) return self->show(entry);
    /* At the end it holds on to nothing. */
    kigumi_cursor_close(self->handle);
    self->handle = NULL;
    return NULL;
}

static void destroy(Cursor* self) {
    kigumi_cursor_close(self->handle);
    Py_DECREF(self->owner);
    Py_TYPE(self)->tp_free((PyObject*)self);
}

PyTypeObject CursorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "kigumi._native.Cursor",
    .tp_basicsize = sizeof(Cursor),
    .tp_dealloc = (destructor)destroy,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)next,
};
