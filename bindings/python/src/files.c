#include "native.h"

/* Bundles, and checking: what takes long. */

static PyObject* summary_to_python(const kigumi_bundle_summary* summary) {
    return Py_BuildValue(
        "(y#KKKK)", (const char*)summary->source.bytes, (Py_ssize_t)sizeof summary->source.bytes,
        (unsigned long long)summary->time_ms, (unsigned long long)summary->rows,
        (unsigned long long)summary->row_bytes, (unsigned long long)summary->file_bytes);
}

/* (file, bucket, since) */
PyObject* store_export(Store* self, PyObject* args) {
    kigumi_bundle_options options = kigumi_bundle_options_default();
    kigumi_bundle_summary summary = kigumi_bundle_summary_default();
    const char* file = NULL;
    PyObject* since = NULL;
    kigumi_status status;
    if (!PyArg_ParseTuple(args, "yzO", &file, &options.bucket, &since) || store_check(self) != 0)
        return NULL;
    if (since != Py_None && (options.since_bundle = PyBytes_AsString(since)) == NULL) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status = kigumi_bundle_export(self->handle, file, &options, &summary);
    Py_END_ALLOW_THREADS-- self->calls;
    return status == KIGUMI_OK ? summary_to_python(&summary) : raise_status(status);
}

/* A tuple of bytes: the files. */
PyObject* store_import(Store* self, PyObject* args) {
    const Py_ssize_t count = PyTuple_GET_SIZE(args);
    const char** files;
    kigumi_status status;
    uint64_t rows = 0;
    Py_ssize_t i;
    if (store_check(self) != 0) return NULL;
    files = PyMem_Malloc(sizeof(char*) * (size_t)(count + 1));
    if (files == NULL) return PyErr_NoMemory();
    for (i = 0; i < count; ++i) {
        files[i] = PyBytes_AsString(PyTuple_GET_ITEM(args, i));
        if (files[i] == NULL) {
            PyMem_Free(files);
            return NULL;
        }
    }
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status = kigumi_bundle_import(self->handle, files, (size_t)count, &rows);
    Py_END_ALLOW_THREADS-- self->calls;
    PyMem_Free(files);
    return status == KIGUMI_OK ? PyLong_FromUnsignedLongLong(rows) : raise_status(status);
}

PyObject* module_inspect(PyObject* module, PyObject* args) {
    kigumi_bundle_summary summary = kigumi_bundle_summary_default();
    const char* file = NULL;
    kigumi_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "y", &file)) return NULL;
    Py_BEGIN_ALLOW_THREADS status = kigumi_bundle_inspect(file, &summary);
    Py_END_ALLOW_THREADS return status == KIGUMI_OK ? summary_to_python(&summary)
                                                    : raise_status(status);
}

/* (repair,): looked at, found, repaired, problems */
PyObject* store_check_rows(Store* self, PyObject* args) {
    kigumi_check_report report = kigumi_check_report_default();
    char* problems = NULL;
    kigumi_status status;
    int repair = 0;
    PyObject* told;
    if (!PyArg_ParseTuple(args, "p", &repair) || store_check(self) != 0) return NULL;
    ++self->calls;
    Py_BEGIN_ALLOW_THREADS status =
        kigumi_store_check(self->handle, repair != 0, &report, &problems);
    Py_END_ALLOW_THREADS-- self->calls;
    if (status != KIGUMI_OK) return raise_status(status);
    told = Py_BuildValue("(KKKs)", (unsigned long long)report.looked_at,
                         (unsigned long long)report.found, (unsigned long long)report.repaired,
                         problems);
    kigumi_free(problems);
    return told;
}

PyObject* module_generate_key(PyObject* module, PyObject* args) {
    const char* file = NULL;
    char* key = NULL;
    kigumi_status status;
    PyObject* text;
    (void)module;
    if (!PyArg_ParseTuple(args, "y", &file)) return NULL;
    Py_BEGIN_ALLOW_THREADS status = kigumi_key_generate_copy(file, &key);
    Py_END_ALLOW_THREADS if (status != KIGUMI_OK) return raise_status(status);
    text = PyUnicode_FromString(key);
    kigumi_free(key);
    return text;
}
